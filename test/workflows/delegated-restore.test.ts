import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RestoreReport } from '../../workflows/contract/operations.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, classesOf } from './seed-articles.ts';
import { causeOf } from './world.ts';

let world: DelegatedWorld;
let backup: string;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { job: '20s', stall: '3s' } });
  backup = (await world.holdfast.run('backup', { target: 'articles' })).backup;
  await world.copied(backup);
});
afterAll(() => world?.stop());
beforeEach(async () => {
  world.database.calm();
  world.spare.calm();
  for (const name of await classesOf(world.spare.url)) {
    await call(world.spare.url, 'DELETE', `/v1/schema/${name}`);
  }
  // A cancelled restore of an id keeps that id for a while.
  await rm(join(world.spareStorage, backup), { recursive: true, force: true });
});

const restore = (more: object = {}) =>
  world.holdfast.run('restore', { target: 'articles', backup, into: 'spare', ...more });

describe('a restore by the product', () => {
  test('is planned without changing anything', async () => {
    const report = await restore({ dryRun: true });
    expect(report.plan).toMatchObject({ backup, into: 'spare', destructive: false });
    expect(report.plan.creates.join(' ')).toContain('Article');
    expect(await filesBelow(world.spareStorage)).toEqual([]);
    expect(await classesOf(world.spare.url)).toEqual([]);
  });

  test('puts the objects of the copy back, proves what came, and clears them away', async () => {
    const request = { target: 'articles', backup, into: 'spare' };
    const handle = await world.holdfast.start('restore', request);
    const report = (await handle.result()) as RestoreReport;
    const { artifacts } = await handle.query<Progress>('progress');
    expect(report.plan.artifacts).toBeGreaterThan(0);
    expect(artifacts).toEqual({ done: report.plan.artifacts, total: report.plan.artifacts });
    expect(report.restored.join(' ')).toContain('Article');
    expect(report.proof.identical + report.proof.equivalent).toBeGreaterThan(0);
    expect(await classesOf(world.spare.url)).toEqual(['Article', 'Note']);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
    expect(await proofs()).toContainEqual(
      expect.objectContaining({ operation: 'restore', ok: true, from: 'the copy' }),
    );
  });

  test('does without a copy that cannot be read where the database still has the bytes', async () => {
    const collected = join(world.store, 'articles', backup, 'collected.json');
    const whole = await readFile(collected, 'utf8');
    await writeFile(collected, whole.replace('"artifacts"', '"artefacts"'));
    const { warnings } = await restore();
    await writeFile(collected, whole);
    expect(warnings).toContainEqual({
      code: 'COPY_DAMAGED',
      message: expect.stringContaining(`holdfast copy articles ${backup}`) as string,
      subject: backup,
    });
    expect(await classesOf(world.spare.url)).toEqual(['Article', 'Note']);
  });

  test('clears away what it put back beside what the product left behind', async () => {
    const left = join(world.spareStorage, backup, 'restore_config.json');
    await mkdir(join(world.spareStorage, backup), { recursive: true });
    const earlier = { id: backup, version: '2.1', nodes: {}, status: 'FAILED', error: 'no space' };
    const times = { startedAt: '2026-01-01T00:00:00Z', completedAt: '2026-01-01T00:01:00Z' };
    await writeFile(left, JSON.stringify({ ...earlier, ...times }));
    const report = await restore();
    expect(report.warnings.map(({ code }) => code)).not.toContain('PRODUCT_OBJECTS_CHANGED');
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });

  test('mends what is gone in place, and says that this stays', async () => {
    await call(world.database.url, 'DELETE', '/v1/schema/Note');
    const before = await filesBelow(world.storage);
    const chunks = before.filter((file) => file.includes(`${backup}/`) && file.includes('/Note/'));
    for (const chunk of chunks) await rm(join(world.storage, chunk));
    const { warnings } = await world.holdfast.run('restore', {
      target: 'articles',
      backup,
      select: { classes: ['Note'] },
    });
    expect(warnings).toContainEqual(
      expect.objectContaining({
        code: 'PRODUCT_OBJECTS_CHANGED',
        message: expect.stringMatching(/changed or gone .* and stay there/) as string,
      }),
    );
    expect(await filesBelow(world.storage)).toEqual(expect.arrayContaining(chunks));
  });

  test('takes selected classes only', async () => {
    await restore({ select: { classes: ['Note'] } });
    expect(await classesOf(world.spare.url)).toEqual(['Note']);
  });

  test('uses what still lies in place, and leaves it there', async () => {
    await call(world.database.url, 'DELETE', '/v1/schema/Note');
    const before = (await filesBelow(world.storage)).filter(
      (file) => !file.includes('restore_config'),
    );
    await world.holdfast.run('restore', {
      target: 'articles',
      backup,
      select: { classes: ['Note'] },
    });
    expect(await classesOf(world.database.url)).toEqual(['Article', 'Note']);
    const after = (await filesBelow(world.storage)).filter(
      (file) => !file.includes('restore_config'),
    );
    expect(after).toEqual(before);
  });

  test('mends with the copy what is damaged in place', async () => {
    await call(world.database.url, 'DELETE', '/v1/schema/Article');
    const chunks = (await filesBelow(world.storage)).filter((file) => file.includes('/Article/'));
    for (const chunk of chunks) await truncate(join(world.storage, chunk), 10);
    const report = await world.holdfast.run('restore', {
      target: 'articles',
      backup,
      select: { classes: ['Article'] },
    });
    expect(report.warnings.map(({ code }) => code)).toContain('PRODUCT_OBJECTS_CHANGED');
    expect(await classesOf(world.database.url)).toEqual(['Article', 'Note']);
  });

  test('does not begin where a class of the same name is', async () => {
    await call(world.spare.url, 'POST', '/v1/schema', { class: 'Note', vectorizer: 'none' });
    const error = await restore().catch((caught: unknown) => caught);
    expect(causeOf(error)).toMatchObject({ type: 'DESTINATION_EXISTS' });
    expect(await classesOf(world.spare.url)).toEqual(['Note']);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });

  test('that comes back different fails, and names what differs', async () => {
    world.spare.switches.restoreLosesObjects = { at: ['Article'] };
    const error = await restore().catch((caught: unknown) => caught);
    expect(causeOf(error)).toMatchObject({
      type: 'RESTORE_NOT_PROVEN',
      message: expect.stringContaining('Article'),
    });
  });

  test('that came back stays when its proof cannot be carried out', async () => {
    world.spare.switches.keyRevoked = { at: ['objects', 'object', 'graphql'] };
    const handle = await world.holdfast.start('restore', {
      target: 'articles',
      backup,
      into: 'spare',
    });
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'AUTH_REJECTED' });
    expect(await classesOf(world.spare.url)).toEqual(['Article', 'Note']);
    const { warnings } = await handle.query<Progress>('progress');
    expect(warnings.map(({ code }) => code)).toEqual(['QUARANTINED', 'QUARANTINED']);
  });

  test('that fails says of what it dropped that it did not come back', async () => {
    await call(world.spare.url, 'POST', '/v1/schema', { class: 'Article', vectorizer: 'none' });
    world.spare.switches.restoreFails = 1;
    const handle = await world.holdfast.start('restore', {
      target: 'articles',
      backup,
      into: 'spare',
      onConflict: 'replace',
      confirm: 'spare',
    });
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'JOB_FAILED' });
    const { warnings } = await handle.query<Progress>('progress');
    expect(warnings).toContainEqual({
      code: 'REPLACED_LOST',
      message: expect.stringMatching(/^This restore dropped class Article to replace it/) as string,
    });
    expect(warnings.map(({ code }) => code)).not.toContain('REMOVED');
  });

  test('that fails half-way removes the classes that it brought', async () => {
    world.spare.switches.restorePartial = { at: ['Note'] };
    const error = await restore().catch((caught: unknown) => caught);
    expect(causeOf(error)).toMatchObject({ type: 'JOB_FAILED' });
    expect(await classesOf(world.spare.url)).toEqual([]);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });

  test('that is cancelled stops the product, and leaves nothing', async () => {
    world.spare.switches.downloadMs = 600_000;
    const handle = await world.holdfast.start('restore', {
      target: 'articles',
      backup,
      into: 'spare',
    });
    await expect
      .poll(async () => (await handle.query<{ product?: string }>('progress')).product, {
        timeout: 30_000,
      })
      .toBeTruthy();
    await handle.signal('cancel');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await classesOf(world.spare.url)).toEqual([]);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });
});

test('a cancelled restore that the product cannot be told of is not called cancelled', async () => {
  world.spare.switches.downloadMs = 600_000;
  const handle = await world.holdfast.start('restore', {
    target: 'articles',
    backup,
    into: 'spare',
  });
  await expect
    .poll(async () => (await handle.query<{ product?: string }>('progress')).product, {
      timeout: 30_000,
    })
    .toBeTruthy();
  world.spare.switches.unavailable = true;
  await handle.signal('cancel');
  const error = await handle.result().catch((caught: unknown) => caught);
  expect(causeOf(error)).toMatchObject({
    type: 'RESTORE_STATE_UNKNOWN',
    message: expect.stringContaining('may still run'),
  });
  // Who clears up after it needs to know what was put back for it, and what was asked.
  const work = `articles/${backup}/work/${handle.firstExecutionRunId}/`;
  expect(await filesBelow(world.store)).toContain(`${work}plan.json`);
});

async function proofs(): Promise<unknown[]> {
  const folder = join(world.store, 'articles', backup, 'proofs');
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown),
  );
}
