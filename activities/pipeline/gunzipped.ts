import { createGunzip, type Gunzip } from 'node:zlib';
import { FormatFault } from './formats/format-fault.ts';
import { gzipFault } from './formats/gzip-fault.ts';
import { TrailingText } from './formats/trailing-text.ts';

const INFLATED_CHUNK_BYTES = 256 * 1024;

/**
 * The inflated bytes of one gzip. The source is always read to its end, so that what it proves there is proven; bytes
 * that follow the gzip are a fault.
 * @throws FormatFault, and what the source throws
 */
export async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  const tail = new TrailingText();
  const reader = { left: false };
  let failure: { error: unknown } | undefined;
  const feeding = feed(source, gunzip, tail, reader).catch((error: unknown) => {
    failure ??= { error };
    gunzip.destroy();
    return 0;
  });
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (error) {
    failure ??= { error: gzipFault(error as Error, tail) };
  } finally {
    reader.left = !gunzip.readableEnded && failure === undefined;
    gunzip.destroy();
  }
  const received = await feeding;
  if (failure) throw failure.error;
  if (received !== gunzip.bytesWritten) {
    throw new FormatFault('garbled', 'is a gzip followed by bytes that do not belong to it');
  }
}

/** @returns the bytes that came */
async function feed(
  source: AsyncIterable<Uint8Array>,
  gunzip: Gunzip,
  tail: TrailingText,
  reader: { left: boolean },
): Promise<number> {
  let received = 0;
  const gone = new Promise<void>((resolve) => gunzip.once('close', resolve));
  for await (const chunk of source) {
    if (reader.left) return received;
    received += chunk.length;
    tail.update(chunk);
    if (gunzip.destroyed || gunzip.readableEnded) continue;
    if (gunzip.write(chunk)) continue;
    const drained = new Promise((resolve) => gunzip.once('drain', resolve));
    await Promise.race([drained, gone]);
  }
  if (!gunzip.destroyed) gunzip.end();
  return received;
}
