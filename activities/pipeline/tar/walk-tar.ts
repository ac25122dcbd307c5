import { Digest } from '../digest.ts';
import { FormatFault } from '../formats/format-fault.ts';
import { toSourceFailure } from '../inspected.ts';
import type { Entry } from '../../catalog/manifest.ts';
import { TarParser } from './tar-parser.ts';

/** Takes the body of one file of a tar. Calls come one after another, and a promise holds the source back. */
export interface EntrySink {
  /** A view of a chunk of the source, which the sink must not change. */
  write(chunk: Uint8Array): void | Promise<void>;
  end?(): void | Promise<void>;
}

export interface WalkTarOptions {
  /** For sentences: `telemetry/shard 31`. */
  subject: string;
  /** Called for each file, in order; returns a sink to be given its body. */
  enter?: ((entry: { name: string; bytes: number }) => EntrySink | undefined) | undefined;
}

/**
 * Reads a whole tar and lists its files with their hashes. Bodies go to whoever asks for them, chunk by chunk.
 * @throws SOURCE_TRUNCATED, SOURCE_GARBLED, and what the source and the sinks throw
 */
export async function walkTar(
  source: AsyncIterable<Uint8Array>,
  { subject, enter }: WalkTarOptions,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const calls = new OrderedCalls();
  let digest = new Digest();
  let name = '';
  let sink: EntrySink | undefined;
  const parser = new TarParser({
    file: (path, bytes) => {
      name = path;
      digest = new Digest();
      sink = enter?.({ name, bytes });
    },
    data: (chunk) => {
      digest.update(chunk);
      const to = sink;
      if (to) calls.run(() => to.write(chunk));
    },
    fileEnd: () => {
      entries.push({ name, bytes: digest.bytes, sha256: digest.sha256 });
      const to = sink;
      if (to) calls.run(() => to.end?.());
    },
  });
  try {
    for await (const chunk of source) {
      parser.update(chunk);
      if (calls.pending) await calls.pending;
    }
    parser.end();
  } catch (error) {
    throw error instanceof FormatFault ? toSourceFailure(error, subject) : error;
  }
  return entries;
}

/** One chunk may hold the end of one file and all of ten others: their sinks are still served in order. */
class OrderedCalls {
  pending: Promise<void> | undefined;

  run(call: () => void | Promise<void>): void {
    const result = this.pending ? this.pending.then(call) : call();
    if (!result) return;
    const settled = result.finally(() => {
      if (this.pending === settled) this.pending = undefined;
    });
    // Awaited by the walk; but when the tar itself fails first, nobody is left to hear of it.
    settled.catch(() => undefined);
    this.pending = settled;
  }
}
