import { createHash } from 'node:crypto';
import type { Secret } from '../../secrets.ts';

const HASHED = Buffer.from('"hashedToken":"$');
/** Tasks of checks and of notification rules are kept the same way. */
const TASK = Buffer.from('"status":"active","flux":"');

/** An authorization lies in one piece; that of an operator has some 3,000 bytes. */
const RECORD = 64 * 1024;
/** What follows the token in it. */
const REST =
  /^"?,"status":"(\w*)","description":"(?:[^"\\]|\\.)*","orgID":"\w*",(?:"userID":"\w*",)?"permissions":(null|\[[^\]]*\])/;
/** As a server of any version writes it where it is not limited to an organisation. The first that a restore asks for. */
const UNLIMITED = ['read', 'write'].map(
  (action) => `{"action":"${action}","resource":{"type":"authorizations"}}`,
);

/**
 * Looks in a metadata snapshot for tokens, in plain text or as the hashes that servers from 2.9 on keep.
 * `known`: which of them are there, and not surely those of somebody who may less than an operator. `hashed`: the
 * snapshot keeps tokens as hashes. `tasks`: it holds tasks that are switched on. What was deleted may still be found; what
 * is not found is surely missing.
 */
export async function searchMetadata(
  snapshot: AsyncIterable<Uint8Array>,
  tokens: Secret[],
): Promise<{ known: boolean[]; hashed: boolean; tasks: boolean }> {
  const needles = tokens.map((token) => forms(token.reveal()).map((form) => Buffer.from(form)));
  const longest = Math.max(...[HASHED, TASK, ...needles.flat()].map(({ length }) => length));
  const seen = tokens.map(() => new Set<Rights>());
  const isOperators = (rights: Set<Rights>) => rights.has('operator');
  let [hashed, tasks] = [false, false];
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of snapshot) {
    if (seen.every(isOperators) && hashed && tasks) continue;
    const window = Buffer.concat([tail, chunk]);
    for (const [index, of] of needles.entries()) {
      for (const needle of of)
        for (const rights of rightsIn(window, needle)) seen[index]?.add(rights);
    }
    hashed ||= window.includes(HASHED);
    tasks ||= window.includes(TASK);
    // A record that is cut off here is seen whole with the next chunk.
    tail = Buffer.from(window.subarray(Math.max(0, window.length - longest - RECORD)));
  }
  const known = seen.map(
    (rights) => isOperators(rights) || (rights.size > 0 && !rights.has('less')),
  );
  return { known, hashed, tasks };
}

/** `unknown` where the token stands in an index, or its record is not whole. */
type Rights = 'operator' | 'less' | 'unknown';

function* rightsIn(window: Buffer, needle: Buffer): Generator<Rights> {
  for (let at = window.indexOf(needle); at >= 0; at = window.indexOf(needle, at + 1)) {
    const begin = at + needle.length;
    const rest = REST.exec(window.toString('latin1', begin, begin + RECORD));
    if (rest === null) yield 'unknown';
    else {
      const [, status, permissions = ''] = rest;
      const all = UNLIMITED.every((permission) => permissions.includes(permission));
      yield all && status === 'active' ? 'operator' : 'less';
    }
  }
}

function forms(token: string): string[] {
  const hashes = ['sha256', 'sha512'].flatMap((algorithm) => {
    const base64 = createHash(algorithm).update(token).digest('base64');
    return [base64, base64.replaceAll('+', '-').replaceAll('/', '_')];
  });
  // In JSON, as Go writes it, so that a short token is not found by chance inside something else.
  const json = JSON.stringify(token).replaceAll(
    /[&<>]/g,
    (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`,
  );
  return [json, ...hashes];
}
