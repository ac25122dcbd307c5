import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { notebookInMemory, openNotebook } from '../../activities/catalog/notebook.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { storedNotes } from '../../activities/products/aiven-influxdb/stored-notes.ts';
import type { ArtifactPlan, OpenArtifact } from '../../activities/products/product.ts';
import { walkBackup, WalkedBackup } from '../../activities/products/aiven-influxdb/walk-backup.ts';
import { backupFolder, FOLDER } from '../pipeline/backup-folder.ts';
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
  const notes = storedNotes(notebookInMemory());
  return walkBackup(inChunks(tar, 65_536), walked, { store, notes, concurrency: 4 });
}

/** As the files of a real backup: what the pipeline stores, it looks into. */
const whole = tarArchive(
  names.map((name, at) => ({
    name,
    body: gzipSync(tarArchive([{ name: 'a.tsm', body: bodies[at] ?? Buffer.alloc(0) }])),
  })),
);

/** Walks through the real pipeline, as one attempt of the activity does; tells what it read back from the store. */
async function attempt(
  { store }: Awaited<ReturnType<typeof backupFolder>>,
  source: AsyncIterable<Uint8Array> = inChunks(whole, 65_536),
): Promise<{ lines: ObjectLine[]; readBack: string[] }> {
  const { signal } = new AbortController();
  const reading = vi.spyOn(store, 'read');
  const walked = new WalkedBackup();
  await walkBackup(source, walked, {
    store: (artifact, open, known) =>
      storeArtifact({
        store,
        folder: FOLDER,
        artifact,
        open,
        known,
        adopt: 'same',
        signal,
        stallMs: 100,
      }),
    notes: storedNotes(openNotebook(store, FOLDER, signal)),
    concurrency: 4,
  });
  const readBack = reading.mock.calls
    .map(([key]) => key.slice(FOLDER.length))
    .filter((path) => path.startsWith('data/'));
  reading.mockRestore();
  const lines = [...walked.stored.values()].flatMap((member) => member.lines);
  return { lines: lines.toSorted((a, b) => a.path.localeCompare(b.path)), readBack };
}

async function* silentAt(offset: number): AsyncGenerator<Uint8Array> {
  yield* inChunks(whole.subarray(0, offset), 65_536);
  await sleep(400);
  yield* inChunks(whole.subarray(offset), 65_536);
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

  it('leaves a silence in the middle of a shard to the download, which bridges it', async () => {
    await using backup = await backupFolder();
    const { lines } = await attempt(backup, silentAt(500_000));
    expect(lines).toHaveLength(names.length);
    // The next attempt only compares, and the download may fall silent there as well.
    expect((await attempt(backup, silentAt(500_000))).lines).toEqual(lines);
  });

  it('compares a later download with what was noted, and reads back only what is not there as noted', async () => {
    await using backup = await backupFolder();
    const first = await attempt(backup);
    expect(await attempt(backup)).toEqual({ lines: first.lines, readBack: [] });
    const [gone, other] = first.lines.map(({ path }) => path);
    await backup.store.remove([`${FOLDER}${gone}`, `${FOLDER}${other}`]);
    await backup.store.put(`${FOLDER}${other}`, Buffer.from('of another size'));
    const second = await attempt(backup);
    expect(second.readBack).toEqual([other]);
    expect(second.lines.map(({ path }) => path)).toEqual([
      gone,
      other?.replace('.tar.gz', '~2.tar.gz'),
      ...first.lines.slice(2).map(({ path }) => path),
    ]);
  });
});
