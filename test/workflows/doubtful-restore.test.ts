import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import { filesBelow } from '../support/files-below.ts';
import { bucketsOf, createBucket } from '../support/influx.ts';
import { startDelegatedWorld } from './delegated-world.ts';
import { classesOf, seedArticles } from './seed-articles.ts';
import { causeOf, startWorld, type World } from './world.ts';

const WHOLE = { into: 'spare', confirm: 'spare' };
const DOUBTFUL = expect.objectContaining({ code: 'BACKUP_DOUBTFUL' }) as unknown;

let world: World;
let backup: string;

beforeAll(async () => {
  world = await startWorld({ shards: 12 });
  await createBucket(world.spare, 'precious');
  backup = (await world.holdfast.run('backup', { target: 'metrics' })).backup;
  await flipShard();
  const found = { target: 'metrics', backup, depth: 'deep' } as const;
  expect(await world.holdfast.run('verify', found)).toMatchObject({ ok: false });
});
afterAll(() => world?.stop());

/** Done twice, it is as it was. */
async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 0x01;
  await writeFile(path, bytes);
}

async function flipShard(): Promise<void> {
  const shard = (await world.files()).find((name) => name.endsWith('.7.tar'));
  await flipBit(join(world.store.path, shard!));
}

const restore = (request: Partial<RestoreRequest>) =>
  world.holdfast.run('restore', { target: 'metrics', backup, ...request });

describe('a restore of a backup that is known to be damaged', () => {
  test('says so in its plan, once', async () => {
    const some = { select: { buckets: ['telemetry'] }, rename: { telemetry: 'again' } };
    const { plan, warnings } = await restore({ ...some, into: 'spare', dryRun: true });
    expect(plan.warnings).toContainEqual({
      code: 'BACKUP_DOUBTFUL',
      message: `Backup ${backup} of metrics is not known to be good: its newest proof failed.`,
      subject: backup,
    });
    expect(warnings.filter(({ code }) => code === 'BACKUP_DOUBTFUL')).toHaveLength(1);
  });

  test.each([true, false])('replaces nothing by it (dryRun: %s)', async (dryRun) => {
    const failure = await restore({ ...WHOLE, dryRun }).catch(causeOf);
    expect(failure).toMatchObject({ type: 'BACKUP_DAMAGED' });
    expect(String(failure)).toMatch(/nothing was changed.*\.7\.tar/);
    expect((await bucketsOf(world.spare)).map(({ name }) => name)).toContain('precious');
  });

  test('replaces what is there when what was damaged is sound again, and still says so', async () => {
    await flipShard();
    const { warnings, proof } = await restore(WHOLE);
    expect(proof.identical).toBe(12);
    expect(warnings).toContainEqual(DOUBTFUL);
  });
});

test('classes are not replaced by what is damaged in a copy', async () => {
  const delegated = await startDelegatedWorld();
  const { holdfast, store, spare } = delegated;
  try {
    const taken = await holdfast.run('backup', { target: 'articles' });
    await delegated.copied(taken.backup);
    const copied = (await filesBelow(store)).filter((name) => /\/data\/.*\/Article\//.test(name));
    for (const name of copied) await flipBit(join(store, name));
    const named = { target: 'articles', backup: taken.backup };
    expect(await holdfast.run('verify', { ...named, depth: 'deep' })).toMatchObject({ ok: false });
    await seedArticles(spare.url);
    const replacing = { into: 'spare', onConflict: 'replace', confirm: 'spare' } as const;
    const all = await holdfast.run('restore', { ...named, ...replacing }).catch(causeOf);
    expect(all).toMatchObject({ type: 'BACKUP_DAMAGED' });
    expect(String(all)).toContain('nothing was changed');
    expect(await classesOf(spare.url)).toEqual(['Article', 'Note']);
    // What is sound can be had.
    const sound = { ...named, ...replacing, select: { classes: ['Note'] } };
    expect((await holdfast.run('restore', sound)).warnings).toContainEqual(DOUBTFUL);
  } finally {
    await delegated.stop();
  }
});
