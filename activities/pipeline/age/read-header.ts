import { AgeFault } from './age-fault.ts';
import { PAYLOAD_NONCE_BYTES } from './payload-key.ts';

/** Twenty recipients need 4 KiB, the post-quantum kind 40 KiB; a file without an end of its header must not fill the memory. */
const HEADER_LIMIT = 256 * 1024;
const INTRO = 'age-encryption.org/v1\n';

/** Splits an age file into header, nonce and payload, copying no more than the first two. */
export async function readHeader(iterator: AsyncIterator<Uint8Array>): Promise<{
  header: Uint8Array;
  nonce: Uint8Array;
  rest: AsyncIterable<Uint8Array>;
}> {
  let head = Buffer.alloc(0);
  for (;;) {
    const result = await iterator.next();
    if (result.done) throw new AgeFault('damaged', 'ends inside its age header');
    head = Buffer.concat([head, result.value]);
    if (
      head.length >= INTRO.length &&
      !head.toString('latin1', 0, INTRO.length).startsWith(INTRO)
    ) {
      throw new AgeFault('damaged', 'is no age file');
    }
    const mark = head.indexOf('\n--- ');
    const end = mark < 0 ? 0 : head.indexOf('\n', mark + 1) + 1;
    if (end > 0 && head.length >= end + PAYLOAD_NONCE_BYTES) {
      const payload = end + PAYLOAD_NONCE_BYTES;
      return {
        header: head.subarray(0, end),
        nonce: head.subarray(end, payload),
        rest: continued(head.subarray(payload), iterator),
      };
    }
    if (end === 0 && head.length > HEADER_LIMIT) {
      throw new AgeFault('damaged', 'has an age header without an end');
    }
  }
}

/** What was read too far, then the rest. Closing is left to the owner of the iterator. */
async function* continued(
  first: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (;;) {
    const result = await iterator.next();
    if (result.done) return;
    yield result.value;
  }
}
