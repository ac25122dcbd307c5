import { HoldfastError } from '../failure.ts';
import { FormatFault } from './formats/format-fault.ts';
import type { StreamInspector } from './formats/inspector.ts';
import type { Throttle } from './throttle.ts';

export interface InspectedOptions {
  /** For sentences: `telemetry/shard 31`. */
  subject: string;
  inspector: StreamInspector;
  signal: AbortSignal;
  throttle?: Throttle | undefined;
  onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * A database's stream while it is checked: ends without throwing only if the source ended well and is whole.
 * @throws SOURCE_TRUNCATED, SOURCE_GARBLED, and what the source throws where it is a failure of ours
 */
export async function* inspected(
  source: AsyncIterable<Uint8Array>,
  options: InspectedOptions,
): AsyncGenerator<Uint8Array> {
  const { inspector, signal, throttle, onBytes } = options;
  const iterator = source[Symbol.asyncIterator]();
  let bytes = 0;
  try {
    for (;;) {
      let result;
      try {
        result = await iterator.next();
      } catch (error) {
        throw sourceFailure(error, options, bytes);
      }
      if (result.done) break;
      const chunk = result.value;
      if (chunk.length === 0) continue;
      bytes += chunk.length;
      // No await where there is nothing to wait for: at gigabytes of small chunks that is what shows.
      const inspecting = inspector.update(chunk);
      if (inspecting) await inspecting;
      onBytes?.(chunk.length);
      const pause = throttle?.take(chunk.length, signal);
      if (pause) await pause;
      yield chunk;
    }
    await inspector.end();
  } catch (error) {
    throw error instanceof FormatFault ? toSourceFailure(error, options.subject) : error;
  } finally {
    inspector.close?.();
    await iterator.return?.();
  }
}

/** A fault of bytes that a database sent. */
export function toSourceFailure(fault: FormatFault, subject: string): HoldfastError {
  return new HoldfastError(
    fault.kind === 'truncated' ? 'SOURCE_TRUNCATED' : 'SOURCE_GARBLED',
    `What the database sent for ${subject} ${fault.message}.`,
    { cause: fault },
  );
}

function sourceFailure(error: unknown, options: InspectedOptions, bytes: number): unknown {
  if (options.signal.aborted || error instanceof HoldfastError) return error;
  const reason = error instanceof Error && error.message !== '' ? ` (${error.message})` : '';
  return new HoldfastError(
    'SOURCE_TRUNCATED',
    `The connection broke off while the database sent ${options.subject}, after ${bytes} bytes${reason}.`,
    { cause: error },
  );
}
