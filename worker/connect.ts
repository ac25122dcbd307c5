import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Connects a worker to Temporal. The SDK gives up at once when nobody answers; a worker that boots beside its server
 * waits for it instead.
 * @param onFailure told of each failed attempt
 * @throws the signal's reason
 */
export async function connectNative(
  options: NativeConnectionOptions & { address: string },
  onFailure: (address: string, pauseMs: number) => void,
  signal?: AbortSignal,
): Promise<NativeConnection> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    signal?.throwIfAborted();
    try {
      return await NativeConnection.connect(options);
    } catch {
      onFailure(options.address, pauseMs);
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
