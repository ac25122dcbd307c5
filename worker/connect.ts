import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

interface Reachable {
  connectionOptions: NativeConnectionOptions & { address: string };
}

/**
 * Connects a worker to Temporal. The SDK gives up at once when nobody answers; a worker that boots beside its server
 * waits for it instead.
 * @param read how to connect, told anew for each attempt: what was refused may be an expired key that is replaced meanwhile
 * @param onFailure told of each failed attempt, with what Temporal or the network answered
 * @returns the connection, and what was read for it: a namespace read before might be that of another Temporal
 * @throws the signal's reason; what `read` throws
 */
export async function connectNative<T extends Reachable>(
  read: () => Promise<T>,
  onFailure: (failure: { address: string; reason: string; pauseMs: number }) => void,
  signal?: AbortSignal,
): Promise<T & { connection: NativeConnection }> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    signal?.throwIfAborted();
    const options = await read();
    const { connectionOptions } = options;
    try {
      return { ...options, connection: await NativeConnection.connect(connectionOptions) };
    } catch (error) {
      onFailure({ address: connectionOptions.address, reason: reasonOf(error), pauseMs });
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

/** The native client words its errors as nested structures: the innermost text is what says something. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const quoted = [...text.matchAll(/(?:message|error): "([^"]+)"/g)].at(-1)?.[1];
  const named = /error: (\w+(?:\([^()]*\))?)/.exec(text)?.[1];
  return (quoted ?? named ?? text).replace(/\.$/, '');
}
