import { createHash } from 'node:crypto';
import type { Secret } from '../../secrets.ts';

const HASHED = Buffer.from('"hashedToken":"$');
/** Tasks of checks and of notification rules are kept the same way. */
const TASK = Buffer.from('"status":"active","flux":"');

/**
 * Looks in a metadata snapshot for tokens, in plain text or as the hashes that servers from 2.9 on keep.
 * `known`: which of them are there. `hashed`: the snapshot keeps tokens as hashes. `tasks`: it holds tasks that are
 * switched on. What was deleted may still be found; what is not found is surely missing.
 */
export async function searchMetadata(
  snapshot: AsyncIterable<Uint8Array>,
  tokens: Secret[],
): Promise<{ known: boolean[]; hashed: boolean; tasks: boolean }> {
  const needles = tokens.map((token) => forms(token.reveal()).map((form) => Buffer.from(form)));
  const longest = Math.max(...[HASHED, TASK, ...needles.flat()].map(({ length }) => length));
  const known = tokens.map(() => false);
  let [hashed, tasks] = [false, false];
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of snapshot) {
    if (!known.includes(false) && hashed && tasks) continue;
    const window = Buffer.concat([tail, chunk]);
    for (const [index, of] of needles.entries())
      known[index] ||= of.some((needle) => window.includes(needle));
    hashed ||= window.includes(HASHED);
    tasks ||= window.includes(TASK);
    tail = Buffer.from(window.subarray(Math.max(0, window.length - longest + 1)));
  }
  return { known, hashed, tasks };
}

function forms(token: string): string[] {
  const hashes = ['sha256', 'sha512'].flatMap((algorithm) => {
    const base64 = createHash(algorithm).update(token).digest('base64');
    return [base64, base64.replaceAll('+', '-').replaceAll('/', '_')];
  });
  // In JSON, so that a short token is not found by chance inside something else.
  return [JSON.stringify(token), ...hashes];
}
