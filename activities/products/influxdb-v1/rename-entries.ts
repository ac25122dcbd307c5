import { basename } from 'node:path';
import { END_MARK, padding, tarHeader } from '../../pipeline/tar/write-tar.ts';
import { TarParser } from '../../pipeline/tar/tar-parser.ts';
import { raised } from './raise-generation.ts';

const SMALL_BYTES = 64 * 1024;

/**
 * The same tar with every file in another folder, and of a raised generation: the server drops, without a word, what does
 * not lie in `<database>/<policy>/<shard>/`. It ends in exactly two blocks of zeros, since the server reads no further. Chunks pass
 * without being copied.
 * @throws FormatFault for what is no whole tar, and what the source throws: in either case before the end mark
 */
export async function* renameEntries(
  tar: AsyncIterable<Uint8Array>,
  folder: string,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let pad = padding(0);
  const parser = new TarParser({
    file: (name, bytes) => {
      pieces.push(tarHeader(`${folder}/${raised(basename(name))}`, bytes));
      pad = padding(bytes);
    },
    data: (chunk) => pieces.push(chunk),
    fileEnd: () => {
      if (pad.length > 0) pieces.push(pad);
    },
  });
  for await (const chunk of tar) {
    parser.update(chunk);
    yield* joined(pieces);
    pieces = [];
  }
  parser.end();
  yield END_MARK;
}

/** Headers and padding are small, and each piece costs a call of the system. */
function joined(pieces: Uint8Array[]): Uint8Array[] {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return pieces.length > 1 && bytes <= SMALL_BYTES ? [Buffer.concat(pieces)] : pieces;
}
