import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { causeOf, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 20 });
});
afterAll(() => world?.stop());

/** A backup of its own, with something done to one of its files. */
async function damaged(pattern: RegExp, damage: (path: string) => Promise<void>): Promise<string> {
  const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
  const files = await world.files();
  const file = files.find((name) => name.includes(backup) && pattern.test(name))!;
  await damage(join(world.store.path, file));
  return backup;
}

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 0x01;
  await writeFile(path, bytes);
}

const verify = (backup: string, depth: 'quick' | 'deep') =>
  world.holdfast.run('verify', { target: 'metrics', backup, depth });

describe('verify', () => {
  test('finds nothing in a good backup, and records the proof beside it', async () => {
    const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
    expect(await verify(backup, 'quick')).toMatchObject({ ok: true, objects: 23, findings: [] });
    expect(await verify(backup, 'deep')).toMatchObject({ ok: true, objects: 23, findings: [] });
    const proofs = (await world.files()).filter((file) => file.includes(`${backup}/proofs/`));
    expect(proofs).toHaveLength(2);
  });

  test.each([
    ['a shard', /\.7\.tar$/],
    ['the bolt file', /\.bolt$/],
    ['the sqlite file', /\.sqlite$/],
    ['the official manifest', /\.manifest$/],
    ['the list of objects', /objects\.ndjson\.gz$/],
  ])('finds a flipped bit in %s when it looks deeply', async (_, pattern) => {
    const backup = await damaged(pattern, flipBit);
    const report = await verify(backup, 'deep');
    expect(report.ok).toBe(false);
    expect(report.findings.map(({ object }) => object).join()).toMatch(pattern);
  });

  test.each(['quick', 'deep'] as const)('finds a missing object (%s)', async (depth) => {
    const report = await verify(await damaged(/\.9\.tar$/, (path) => rm(path)), depth);
    expect(report).toMatchObject({ ok: false, findings: [{ code: 'OBJECT_MISSING' }] });
  });

  test('finds a truncated object quickly', async () => {
    const backup = await damaged(/\.9\.tar$/, async (path) => {
      await writeFile(path, (await readFile(path)).subarray(0, -512));
    });
    expect(await verify(backup, 'quick')).toMatchObject({ ok: false });
  });

  test('makes `latest` pass over a backup whose newest proof failed', async () => {
    const good = await world.holdfast.run('backup', { target: 'metrics' });
    const bad = await damaged(/\.9\.tar$/, flipBit);
    await verify(bad, 'deep');
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      into: 'spare',
      dryRun: true,
    });
    expect(report.plan.backup).toBe(good.backup);
    expect(report.warnings.map(({ message }) => message).join()).toContain(bad);
  });

  test('refuses a manifest from a newer Holdfast in one sentence', async () => {
    const backup = await damaged(/backup\.json$/, async (path) => {
      const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...manifest, format: 2 }));
    });
    const failure = await world.holdfast
      .run('verify', { target: 'metrics', backup })
      .catch(causeOf);
    expect(failure).toMatchObject({ type: 'BACKUP_FORMAT_NEWER' });
    await rm(join(world.store.path, 'metrics', backup), { recursive: true });
  });
});
