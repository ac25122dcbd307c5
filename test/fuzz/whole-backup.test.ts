import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import { Digest, measured } from '../../activities/pipeline/digest.ts';
import { createInspector } from '../../activities/pipeline/formats/create-inspector.ts';
import { inspected } from '../../activities/pipeline/inspected.ts';
import type { ArtifactPlan, OpenArtifact } from '../../activities/products/product.ts';
import {
  checkBackup,
  type CheckedBackup,
} from '../../activities/products/aiven-influxdb/check-backup.ts';
import { storedNotes } from '../../activities/products/aiven-influxdb/stored-notes.ts';
import { walkBackup, WalkedBackup } from '../../activities/products/aiven-influxdb/walk-backup.ts';
import { manifestFile } from '../influxdb-v1/portable-backup.ts';
import type { Damage, Zone } from './damage.ts';
import { fuzz, inRandomChunks } from './fuzz.ts';
import { outcomeOf } from './outcome.ts';

const BLOCK = 512;
const original = readFileSync(
  new URL('../fixtures/influxdb-v1-portable/backup.tar', import.meta.url),
);

/** The first file. */
const MANIFEST: Zone = { start: BLOCK, end: BLOCK + manifestFile.length };

interface Taken extends CheckedBackup {
  /** What is in the tar of each shard, by the name of its file. */
  shards: Record<string, ObjectLine['entries']>;
}

/** As a backup is taken from the vendor; nothing is written anywhere. */
async function take(source: AsyncIterable<Uint8Array>): Promise<Taken> {
  const walked = new WalkedBackup();
  const notes = storedNotes(notebookInMemory());
  await walkBackup(source, walked, { store, notes, concurrency: 2 });
  const shards = [...walked.stored].map(([name, { lines }]) => [name, lines[0]?.entries] as const);
  return { ...checkBackup(walked), shards: Object.fromEntries(shards) };
}

async function store(
  { path, role, subject, format }: ArtifactPlan,
  open: () => Promise<OpenArtifact>,
): Promise<ObjectLine[]> {
  const { body, codec } = await open();
  const inspector = createInspector(format, codec);
  const digest = new Digest();
  const { signal } = new AbortController();
  for await (const _ of measured(inspected(body, { subject, inspector, signal }), digest));
  const { bytes, sha256 } = digest;
  const entries = inspector.entries ?? [];
  return [{ path, bytes, sha256, codec, encrypted: false, role, subject, entries }];
}

/** The file to whose body a byte of the tar belongs, if to any. */
function fileAt(at: number): string {
  for (let header = 0; header < original.length;) {
    const name = original.toString('latin1', header, header + 100).replace(/\0.*$/s, '');
    const bytes = Number.parseInt(original.toString('latin1', header + 124, header + 135), 8);
    if (at < header + BLOCK) return '';
    if (at < header + BLOCK + bytes) return name;
    header += BLOCK + Math.ceil(bytes / BLOCK) * BLOCK;
  }
  return '';
}

describe('the tar of a whole backup with random damage', () => {
  /*
   * The headers of the tar have a checksum each; shards have one of their gzip, and what is in them is compared here. The
   * manifest and the metadata have none: names and sizes of shards stand in both and must agree, other things of them may
   * be different. Padding and the rest of what a gzip's header says mean nothing.
   */
  it('is refused, or has every shard as it was', async () => {
    const expected = await take(inRandomChunks(original, () => 0.5));
    const regressions: Damage[] = [
      // The manifest called a shard by the number of another, and by another policy.
      { kind: 'flip', at: original.indexOf('"shardID": 2') + '"shardID": '.length, bit: 0 },
      { kind: 'flip', at: original.indexOf('"policy": "') + '"policy": "'.length, bit: 2 },
    ];
    await fuzz(
      'the tar of a whole backup',
      original,
      { cases: 800, block: BLOCK, zones: [MANIFEST], regressions },
      async ({ bytes, damage, random }) => {
        const taken = (await outcomeOf(() => take(inRandomChunks(bytes, random))))?.accepted;
        if (damage.kind === 'cut') expect(taken).toBeUndefined();
        if (!taken) return;
        expect(taken.shards).toEqual(expected.shards);
        if (damage.kind !== 'flip') return;
        const file = fileAt(damage.at);
        const { limited: _, ...manifest } = taken.manifest;
        const { limited: __, ...manifestBefore } = expected.manifest;
        expect(manifest).toEqual(manifestBefore);
        if (!file.endsWith('.meta')) expect(taken.metadata).toEqual(expected.metadata);
      },
    );
  });
});
