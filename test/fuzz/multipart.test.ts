import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { metadataParts } from '../../activities/products/influxdb-v2/metadata-parts.ts';
import { collect, sha256 } from '../pipeline/streams.ts';
import type { Damage, Zone } from './damage.ts';
import { fuzz, inRandomChunks } from './fuzz.ts';
import { outcomeOf } from './outcome.ts';

const answer = gunzipSync(
  readFileSync(new URL('../fixtures/influxdb-v2-metadata/metadata.multipart.gz', import.meta.url)),
);
/** The same, with short bodies that look like what stands around them. */
const tricky = withBodies([
  'bolt\r\n\r\n--\r\nContent-Disposition: attachment; name="sql"\r\n\r\n',
  '\r\n\r\nname="buckets"\r\n',
  '[]\r\n\r\n',
]);

const names = ['kv', 'sql', 'buckets'];

interface Part {
  name: string;
  bytes: number;
  sha256: string;
}

/** The parts, if they are those that the server sends: a reader takes no others. */
async function read(
  type: string,
  source: AsyncIterable<Uint8Array>,
): Promise<Part[] | 'other parts'> {
  const parts: Part[] = [];
  for await (const { name, body } of metadataParts(type, source, 'The metadata')) {
    const bytes = await collect(copied(body));
    parts.push({ name, bytes: bytes.length, sha256: sha256(bytes) });
  }
  return parts.map(({ name }) => name).join() === names.join() ? parts : 'other parts';
}

async function* copied(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield Buffer.from(chunk);
}

function delimiterOf(original: Buffer): Buffer {
  return original.subarray(0, original.indexOf('\r\n'));
}

function withBodies(bodies: string[]): Buffer {
  const zones = zonesOf(answer);
  return Buffer.concat(
    zones.flatMap(({ start, end }, at) => [
      answer.subarray(start, end),
      Buffer.from(bodies[at] ?? ''),
    ]),
  );
}

/** Each delimiter with the headers behind it. */
function zonesOf(original: Buffer): Zone[] {
  const delimiter = delimiterOf(original);
  const found: Zone[] = [];
  for (let at = 0; at >= 0; at = original.indexOf(delimiter, at + 1)) {
    const end = original.indexOf('\r\n\r\n', at);
    found.push({ start: Math.max(0, at - 2), end: end < 0 ? original.length : end + 4 });
  }
  return found;
}

describe('the metadata of a server with random damage', () => {
  it.each<[string, Buffer, number, Damage[]]>([
    ['its answer', answer, 300, []],
    [
      'short parts',
      tricky,
      900,
      // Where headers ended, a body lost its beginning.
      [359, 358].map((at): Damage => ({ kind: 'flip', at, bit: 7 })),
    ],
  ])(
    'are refused, or are as they were but for the bodies: %s',
    async (name, original, cases, regressions) => {
      const delimiter = delimiterOf(original);
      const type = `multipart/mixed; boundary=${delimiter.toString().slice(2)}`;
      const expected = await read(
        type,
        inRandomChunks(original, () => 0.5),
      );
      expect(expected).not.toBe('other parts');
      const zones = zonesOf(original);
      const closing = original.lastIndexOf(delimiter) + delimiter.length;
      await fuzz(
        name,
        original,
        { cases, zones, regressions },
        async ({ bytes, damage, random }) => {
          const outcome = await outcomeOf(() => read(type, inRandomChunks(bytes, random)));
          if (!outcome || outcome.accepted === 'other parts') return;
          const found = outcome.accepted;
          if (damage.kind === 'cut') {
            expect(damage.at).toBeGreaterThanOrEqual(closing + '--'.length);
            expect(found).toEqual(expected);
          }
          if (damage.kind === 'flip') {
            const inBody = !zones.some(({ start, end }) => damage.at >= start && damage.at < end);
            // What a body is, its own format tells.
            if (inBody) expect(lengths(found)).toEqual(lengths(expected));
            else expect(found).toEqual(expected);
          }
        },
      );
    },
  );
});

function lengths(parts: Part[] | 'other parts'): number[] {
  return parts === 'other parts' ? [] : parts.map(({ bytes }) => bytes);
}
