import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { searchMetadata } from '../../activities/products/influxdb-v2/search-metadata.ts';
import { Secret } from '../../activities/secrets.ts';

const TOKEN = 'the-token==';
const hash = `${createHash('sha512').update(TOKEN).digest('base64url')}==`;
const HASHED = `"hashedToken":"$influxdb2-sha512$${hash}"`;
const PLAIN = `"token":"${TOKEN}"`;
const ORG = '0a1b2c3d4e5f6071';

/** As influxd keeps an authorization. */
function record(key: string, { status = 'active', orgID = '', more = 0 } = {}): string {
  const resources = ['authorizations', 'buckets', ...Array<string>(more).fill('buckets')];
  const permissions = resources.flatMap((type) =>
    ['read', 'write'].map((action) => ({
      action,
      resource: { type, ...(orgID && { orgID }) },
    })),
  );
  const description = JSON.stringify('of "them", \\ and "permissions":[]');
  return `{"id":"0b",${key},"status":"${status}","description":${description},"orgID":"${ORG}","userID":"0c","permissions":${JSON.stringify(permissions)},"createdAt":"2026-11-20T02:00:00Z"}`;
}

async function* inChunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1000) {
    await Promise.resolve();
    yield bytes.subarray(at, at + 1000);
  }
}

test('a token in plain text is found as Go writes it', async () => {
  const kept = record('"token":"R\\u0026D\\u003cops\\u003e"');
  const { known } = await searchMetadata(inChunks(kept), [new Secret('R&D<ops>')]);
  expect(known).toEqual([true]);
});

const known = async (...kept: string[]) =>
  (await searchMetadata(inChunks(kept.join('\0'.repeat(700))), [new Secret(TOKEN)])).known;
const filler = '-'.repeat(100_000);
/** The hash, with the id of the record. */
const index = `${hash}0b`;

test.each([
  ["an operator's, hashed", [index, record(HASHED)], true],
  ["an operator's, in plain text", [TOKEN, record(PLAIN), filler], true],
  ['an all-access token, hashed', [index, record(HASHED, { orgID: ORG }), filler], false],
  ['an all-access token, in plain text', [TOKEN, record(PLAIN, { orgID: ORG })], false],
  ['one of very many buckets', [index, record(HASHED, { orgID: ORG, more: 200 })], false],
  ["an operator's that is switched off", [record(HASHED, { status: 'inactive' })], false],
  [
    "one that was made anew as an operator's",
    [record(HASHED, { orgID: ORG }), record(HASHED)],
    true,
  ],
  ['one whose record is kept in another way', [index, `{${HASHED},"more":1}`, filler], true],
  ['of which nothing is there', [record(HASHED.replace(hash, 'x'))], false],
])("of a snapshot that holds %s, the token is known as an operator's: %s", async (_, kept, is) => {
  expect(await known(...kept)).toEqual([is]);
});
