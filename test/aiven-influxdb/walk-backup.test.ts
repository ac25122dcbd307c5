import { describe, expect, it } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import type { ArtifactPlan, OpenArtifact } from '../../activities/products/product.ts';
import { walkBackup, WalkedBackup } from '../../activities/products/aiven-influxdb/walk-backup.ts';
import { bytesOf, collect, deferred, inChunks, sha256 } from '../pipeline/streams.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';

const names = [1, 2, 3, 4].map((shard) => `20261120T020000Z.s${shard}.tar.gz`);
/** Too long to be taken into memory. */
const bodies = names.map((_, at) => bytesOf(1_200_000 + at, at + 1));
const tar = tarArchive(names.map((name, at) => ({ name, body: bodies[at] ?? Buffer.alloc(0) })));

type Store = Parameters<typeof walkBackup>[2]['store'];

async function read(
  { path, role, subject }: ArtifactPlan,
  open: () => Promise<OpenArtifact>,
): Promise<ObjectLine[]> {
  const { body, codec } = await open();
  const bytes = await collect(body);
  const digest = { bytes: bytes.length, sha256: sha256(bytes) };
  return [{ path, ...digest, codec, encrypted: false, role, subject }];
}

function walk(walked: WalkedBackup, store: Store): Promise<void> {
  return walkBackup(inChunks(tar, 65_536), walked, { store, concurrency: 4 });
}

describe('the walk over the tar of a backup', () => {
  it('goes on with the next shard while the store finishes with the one before, and no further', async () => {
    const walked = new WalkedBackup();
    const begun: string[] = [];
    const finish = names.map(() => deferred());
    const passed = names.map(() => deferred());
    const walking = walk(walked, async (artifact, open) => {
      const at = begun.push(artifact.path) - 1;
      const lines = await read(artifact, open);
      passed[at]?.resolve();
      await finish[at]?.promise;
      return lines;
    });
    await passed[1]?.promise;
    expect(begun).toHaveLength(2);
    expect(walked.stored.size).toBe(0);
    finish[0]?.resolve();
    await passed[2]?.promise;
    expect([...walked.stored.keys()]).toEqual([names[0]]);
    for (const { resolve } of finish) resolve();
    await walking;
    expect([...walked.stored].map(([name, { lines }]) => [name, lines[0]?.sha256])).toEqual(
      names.map((name, at) => [name, sha256(bodies[at] ?? Buffer.alloc(0))]),
    );
  });

  it('ends with what the store fails with, once nothing is under way any more', async () => {
    const walked = new WalkedBackup();
    const failing = new Error('the store is full');
    let begun = 0;
    const walking = walk(walked, async (artifact, open) => {
      begun += 1;
      const lines = await read(artifact, open);
      if (artifact.subject === 'shard 2') throw failing;
      return lines;
    });
    await expect(walking).rejects.toBe(failing);
    expect(begun).toBeLessThan(names.length);
    expect(walked.stored.has(names[1] ?? '')).toBe(false);
  });

  it('does not wait for a shard that the store gives up before it is read', async () => {
    const failing = new Error('the store is gone');
    await expect(walk(new WalkedBackup(), () => Promise.reject(failing))).rejects.toBe(failing);
  });
});
