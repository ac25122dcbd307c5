import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePortableMetadata } from '../../activities/pipeline/influxdb-portable/metadata.ts';
import { parsePortableManifest } from '../../activities/pipeline/influxdb-portable/portable-manifest.ts';
import { shardsOf, type Bucket } from '../../activities/products/influxdb-v2/buckets.ts';
import { fileOf, readManifest } from '../../activities/products/influxdb-v2/official-manifest.ts';
import { manifest, manifestFile, metadata, metadataFile } from '../influxdb-v1/portable-backup.ts';
import type { Damage } from './damage.ts';
import { fuzz } from './fuzz.ts';
import { outcomeOf } from './outcome.ts';

/** They have no checksum: what a bit of them means is for the rest of the backup to tell. */
describe('what a portable backup says of itself, with random damage', () => {
  it('is refused as metadata when it is cut, and else never anything worse than others', async () => {
    const regressions: Damage[] = [
      // Behind the metadata, and what stands behind them.
      { kind: 'cut', at: 688 },
      { kind: 'cut', at: 687 },
      // A database lost its name.
      { kind: 'flip', at: 11, bit: 7 },
    ];
    await fuzz('.meta', metadataFile, { cases: 1500, regressions }, async ({ bytes, damage }) => {
      const read = await outcomeOf(() => parsePortableMetadata(bytes));
      if (damage.kind === 'cut') expect(read).toBeUndefined();
      // Every database and policy has a name of its own, and every group its shards.
      for (const { name, defaultPolicy, policies } of read?.accepted.databases ?? []) {
        expect(name.length, 'the name of a database').toBeGreaterThan(0);
        expect(typeof defaultPolicy).toBe('string');
        for (const policy of policies) expect(policy.name.length).toBeGreaterThan(0);
      }
    });
    expect(parsePortableMetadata(metadataFile)).toEqual(metadata);
  });

  it('is refused as a manifest when it is cut, and else never anything worse than another', async () => {
    const names = new Set(manifest.files.map(({ fileName }) => fileName));
    await fuzz('.manifest', manifestFile, { cases: 1500 }, async ({ bytes, damage }) => {
      const read = await outcomeOf(() => parsePortableManifest(bytes));
      if (damage.kind === 'cut') expect(read).toBeUndefined();
      if (!read) return;
      if (damage.kind === 'flip') expect(read.accepted.files).toHaveLength(names.size);
    });
  });
});

describe('the manifest of InfluxDB 2 with random damage', () => {
  it('is refused when it is cut, and else never anything worse than another', async () => {
    const original = readFileSync(
      new URL('../fixtures/influxdb-v2-metadata/backup.manifest', import.meta.url),
    );
    const { buckets } = readManifest(original.toString(), 'the manifest');
    const key = original.indexOf('"buckets"') + 1;
    const file = original.lastIndexOf('"fileName"') + 1;
    const regressions = [key, file].map((at): Damage => ({ kind: 'flip', at, bit: 1 }));
    await fuzz('backup.manifest', original, { cases: 800, regressions }, async (one) => {
      const { bytes, damage } = one;
      const read = await outcomeOf(() => readManifest(bytes.toString(), 'the manifest'));
      if (damage.kind === 'cut' && damage.at < original.length - 1) expect(read).toBeUndefined();
      if (damage.kind !== 'flip' || !read) return;
      expect(read.accepted.buckets).toHaveLength(buckets.length);
      expect(files(read.accepted.buckets)).toBe(files(buckets));
    });
  });
});

function files(buckets: Bucket[]): number {
  return buckets.flatMap((bucket) => [...shardsOf(bucket)].filter(({ shard }) => fileOf(shard)))
    .length;
}
