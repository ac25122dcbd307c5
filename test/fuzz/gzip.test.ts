import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../activities/catalog/manifest.ts';
import { GunzipInspector } from '../../activities/pipeline/formats/gunzip-inspector.ts';
import type { Inspector } from '../../activities/pipeline/formats/inspector.ts';
import { SizeInspector } from '../../activities/pipeline/formats/size.ts';
import { TarInspector } from '../../activities/pipeline/formats/tar.ts';
import { gunzipped } from '../../activities/pipeline/gunzipped.ts';
import { members } from '../influxdb-v1/portable-backup.ts';
import { bytesOf } from '../pipeline/streams.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import type { Damage } from './damage.ts';
import { fuzz, inRandomChunks } from './fuzz.ts';
import { outcomeOf } from './outcome.ts';

/** As it is inspected on its way into a store. */
async function inspect(
  source: AsyncIterable<Uint8Array>,
  inner: Inspector = new TarInspector(),
): Promise<Entry[]> {
  const inspector = new GunzipInspector(inner);
  try {
    for await (const chunk of source) await inspector.update(chunk);
    await inspector.end();
    return inner.entries ?? [];
  } finally {
    inspector.close();
  }
}

/** As it is inflated on its way out of a store. */
async function inflate(source: AsyncIterable<Uint8Array>): Promise<Entry[]> {
  const inspector = new TarInspector();
  for await (const chunk of gunzipped(source)) inspector.update(chunk);
  inspector.end();
  return inspector.entries;
}

const shard = [...members].find(([name]) => name.endsWith('.s3.tar.gz'))?.[1] ?? Buffer.alloc(0);
/** Longer than what is inflated at once. */
const long = gzipSync(tarArchive([{ name: 'long.tsm', body: bytesOf(400_000) }]), { level: 1 });

describe('a gzip with random damage', () => {
  /*
   * Whatever is accepted is what it was. What no CRC protects can differ, and means nothing: the time, the name and the
   * system in its header, and the bits that fill up its last byte.
   */
  it.each<[string, Buffer, number]>([
    ['that of a shard', shard, 500],
    ['a long one', long, 50],
  ])('is refused, or is as it was: %s', async (name, original, cases) => {
    const expected = await inspect(inRandomChunks(original, () => 0.5));
    const regressions: Damage[] = [{ kind: 'cut', at: 0 }];
    await fuzz(name, original, { cases, regressions }, async ({ bytes, damage, random }) => {
      const inspected = await outcomeOf(() => inspect(inRandomChunks(bytes, random)));
      const inflated = await outcomeOf(() => inflate(inRandomChunks(bytes, random)));
      expect(inspected?.accepted ?? expected).toEqual(expected);
      expect(inflated?.accepted ?? expected).toEqual(expected);
      // In the order of the bytes, both see the same.
      expect(inflated).toEqual(inspected);
      if (damage.kind !== 'cut') return;
      // The gzip itself must tell, whatever is in it.
      const anything = new SizeInspector(undefined);
      const cut = await outcomeOf(() => inspect(inRandomChunks(bytes, random), anything));
      expect(cut).toBeUndefined();
      expect(inspected).toBeUndefined();
    });
  });

  it('is refused when anything follows it, be it zeros or the beginning of another', async () => {
    for (const more of [[0], [0, 0, 0, 0], [0x1f], [0x1f, 0x8b], [0x1f, 0x8b, 8], [1], [255]]) {
      const bytes = Buffer.concat([shard, Buffer.from(more)]);
      for (const step of [1, 7, shard.length, bytes.length]) {
        const told = `${more.join(' ')} in steps of ${step}`;
        expect(await outcomeOf(() => inspect(inSteps(bytes, step))), told).toBeUndefined();
        expect(await outcomeOf(() => inflate(inSteps(bytes, step))), told).toBeUndefined();
      }
    }
  });
});

async function* inSteps(bytes: Buffer, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}
