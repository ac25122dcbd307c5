/** Numbers that look random and come again with the same seed (mulberry32). Between 0 and 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Damaged copies of real bytes: cut, with flipped bits, with overwritten, moved or repeated pieces. The same in every run,
 * unless HOLDFAST_TEST_SEED names where to begin.
 */
export function* mutations(
  original: Buffer,
  count: number,
  firstSeed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 1),
): Generator<{ seed: number; bytes: Buffer }> {
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    yield { seed, bytes: mutated(original, randomNumbers(seed)) };
  }
}

function mutated(original: Buffer, random: () => number): Buffer {
  const below = (most: number) => Math.floor(random() * most);
  let bytes = Buffer.from(original);
  for (let times = 1 + below(3); times > 0 && bytes.length > 1; times -= 1) {
    const at = below(bytes.length);
    const length = below(Math.min(64, bytes.length - at)) + 1;
    const before = bytes.subarray(0, at);
    const piece = Buffer.from(bytes.subarray(at, at + length));
    const after = bytes.subarray(at + length);
    switch (below(6)) {
      case 0:
        bytes = Buffer.from(before);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        for (let i = 0; i < piece.length; i += 1) piece[i] = below(256);
        bytes = Buffer.concat([before, piece, after]);
        break;
      case 3:
        bytes = Buffer.concat([before, after]);
        break;
      case 4:
        bytes = Buffer.concat([before, piece, piece, after]);
        break;
      default: {
        const from = below(bytes.length);
        const spliced = bytes.subarray(from, from + length);
        bytes = Buffer.concat([before, spliced, after]);
      }
    }
  }
  return bytes;
}
