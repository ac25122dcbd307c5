import { inflateSync } from 'node:zlib';
import * as vectors from 'cctv-age';
import { expect, test } from 'vitest';
import { createOpener } from '../../activities/pipeline/age/opener.ts';
import { Secret } from '../../activities/secrets.ts';
import { inChunks, sha256 } from './streams.ts';

/** The published test vectors of age: what every implementation must open, and what it must refuse and when. */
const cases = Object.entries(vectors)
  .map(([name, bytes]) => ({ name, ...parse(Buffer.from(bytes)) }))
  .filter(({ fields }) => !fields.has('armored') && !fields.has('passphrase'))
  .filter(({ fields }) => fields.has('identity'));

function parse(bytes: Buffer): { fields: Map<string, string[]>; file: Buffer } {
  const end = bytes.indexOf('\n\n');
  const fields = new Map<string, string[]>();
  for (const line of bytes.toString('utf8', 0, end).split('\n')) {
    const [key = '', value = ''] = line.split(': ');
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  const file = bytes.subarray(end + 2);
  return { fields, file: fields.has('compressed') ? inflateSync(file) : file };
}

test('there are vectors', () => {
  expect(cases.length).toBeGreaterThan(60);
});

test.each(cases)('opens or refuses $name as every age must', async ({ fields, file }) => {
  const expected = fields.get('expect')?.[0];
  const opener = await createOpener(new Secret((fields.get('identity') ?? []).join('\n')));
  const given: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of opener.open(inChunks(file, 70_001))) given.push(chunk);
  })();
  if (expected === 'success') {
    await reading;
    expect(sha256(Buffer.concat(given))).toBe(fields.get('payload')?.[0]);
    return;
  }
  const kind = expected === 'no match' ? 'no identity' : 'damaged';
  await expect(reading).rejects.toMatchObject({ name: 'AgeFault', kind });
  // The vectors let a chunk out that would be sound in another place of the stream; here none comes out.
  expect(Buffer.concat(given).length % 65_536).toBe(0);
});
