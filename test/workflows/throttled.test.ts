import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { throttleOf } from '../../activities/workspace.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { filesBelow } from '../support/files-below.ts';
import { startCopyWorld } from './copy-world.ts';
import { startDelegatedWorld } from './delegated-world.ts';
import { startWorld } from './world.ts';

/** So fast that nobody waits. */
const RATE = 999_999_999_999;
const limits = { bytesPerSecond: `${RATE}B` };
/** What is asked for twice passes twice: no attempt may be given up because the machine is loaded. */
const timeouts = { heartbeat: '5m' };

/** Counts what all streams of a target ask their throttle for. */
function paced(target: string): () => number {
  const throttle = throttleOf({ target, limits: { bytesPerSecond: RATE } } as TargetSnapshot);
  const take = vi.spyOn(throttle!, 'take');
  return () => sum(take.mock.calls.map(([bytes]) => bytes));
}

const sum = (all: number[]) => all.reduce((one, other) => one + other, 0);

function sizesOf(folder: string, files: string[]): Promise<number[]> {
  return Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('every byte of a backup and of a restore passes the throttle of its target', async () => {
  const world = await startWorld({ shards: 12 });
  try {
    for (const target of Object.values(world.config.targets)) {
      Object.assign(target, { limits, timeouts });
    }
    await world.holdfast.configure(world.config);
    const taken = paced('metrics');
    const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
    const { totals } = await world.manifest(backup);
    // Holdfast's own account of the backup comes from no database.
    const own = (await world.files()).filter((file) => file.endsWith('.manifest'));
    expect(own).toHaveLength(1);
    expect(taken()).toBe(totals.plainBytes - sum(await sizesOf(world.store.path, own)));
    const putBack = paced('spare');
    const some = { select: { buckets: ['telemetry'] }, rename: { telemetry: 'slowly' } };
    const input = { target: 'metrics', into: 'spare', ...some };
    const { bytes } = await world.holdfast.run('restore', input);
    expect(bytes).toBeGreaterThan(0);
    expect(putBack()).toBe(bytes);
    // What is sent once more passes once more.
    world.spare.switches.restoreFlipsBit = 1;
    await world.holdfast.run('restore', { ...input, rename: { telemetry: 'mended' } });
    expect(putBack()).toBeGreaterThan(2 * bytes);
  } finally {
    await world.stop();
  }
});

test('every byte of a copy passes the throttle of its target', async () => {
  const world = await startCopyWorld({ limits, timeouts });
  try {
    for (const target of ['near', 'far', 'sealed']) {
      const copied = paced(target);
      const { backup } = await world.holdfast.run('backup', { target });
      await world.copied(target, backup);
      const sizes = world
        .written(backup)
        .map((key) => world.near.bucket.objects.get(`weaviate/${key}`)?.body.length ?? NaN);
      expect(copied(), target).toBe(sum(sizes));
    }
  } finally {
    await world.stop();
  }
});

test('every byte that is put back for a database passes the throttle of the destination', async () => {
  const world = await startDelegatedWorld({ timeouts });
  try {
    const { backup } = await world.holdfast.run('backup', { target: 'articles' });
    await world.copied(backup);
    const written = (await filesBelow(world.storage)).filter((file) => file.includes(backup));
    world.config.targets['spare']!['limits'] = limits;
    await world.holdfast.configure(world.config);
    const putBack = paced('spare');
    await world.holdfast.run('restore', { target: 'articles', backup, into: 'spare' });
    expect(putBack()).toBe(sum(await sizesOf(world.storage, written)));
  } finally {
    await world.stop();
  }
});
