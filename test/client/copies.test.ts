import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startCopyWorld, type CopyWorld } from '../workflows/copy-world.ts';
import { run as runCommand, type Ran } from './command.ts';

let world: CopyWorld;
let env: Record<string, string>;
let backup: string;

beforeAll(async () => {
  world = await startCopyWorld();
  env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
    TEST_COPY_KEY: process.env['TEST_COPY_KEY'] ?? '',
    TEST_COPY_SECRET: process.env['TEST_COPY_SECRET'] ?? '',
    TEST_COPY_IDENTITY: process.env['TEST_COPY_IDENTITY'] ?? '',
  };
  ({ backup } = await world.holdfast.run('backup', { target: 'near' }));
  await world.copied('near', backup);
});
afterAll(() => world?.stop());

const run = (...args: string[]): Promise<Ran> => runCommand(args, { env });

describe('holdfast list and show, of what a database wrote by itself', () => {
  it('say that it has not been copied, within 80 columns', async () => {
    world.forgetCopy('near', backup);
    const listed = await run('list', 'near');
    expect(listed.stdout).toMatch(/ok, not copied yet/);
    expect(listed.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const shown = await run('show', 'near', backup, '--objects');
    expect(shown.stdout).toMatch(
      /^copy +not yet: its bytes lie in s3:\/\/\S+ at \S+ beside the database/m,
    );
    expect(shown.stdout.match(/ chunk /g)?.length).toBeGreaterThan(1);
  });
});

describe('holdfast backup, of what a database writes by itself', () => {
  it('does not say that it is where it will be copied to', async () => {
    const { stdout } = await run('backup', 'far');
    expect(stdout).toMatch(/ is committed, and not yet in far: \d+ artifacts?, /);
    expect(stdout).not.toContain(' is in far');
  });
});

describe('holdfast copy', () => {
  it('goes on with a copy, and says how the bytes went', async () => {
    const { code, objects, result, stdout } = await run('copy', 'near', backup, '--json');
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(objects[0]).toMatchObject({ event: 'started', workflowId: `copy/near/${backup}` });
    expect(result).toMatchObject({ backup, store: 'near', method: 'server-side' });
    const again = await run('copy', 'near');
    expect(again.stderr).toContain(`started copy/near/${backup}\n`);
    expect(again.stdout).toMatch(
      / is in near too: \d+ objects, .*, copied by the store itself, in /,
    );
    const shown = await run('show', 'near', backup);
    expect(shown.stdout).toMatch(/^copy +\d{4}-\d\d-\d\d .*, server-side\b/m);
  });

  it('mends a copy that cannot be read, and show tells until then that there is none', async () => {
    const collected = world.near.bucket.get(`holdfast/near/${backup}/collected.json`);
    collected.body = Buffer.from('{}');
    const { code, result } = await run('show', 'near', backup, '--objects', '--json');
    expect({ code, result }).toMatchObject({ code: 0, result: { copy: 'pending' } });
    await run('copy', 'near', backup);
    expect((await run('show', 'near', backup, '--json')).result).toMatchObject({ copy: 'copied' });
  });
});

describe('holdfast delete', () => {
  it('deletes nothing unless it is told twice', async () => {
    const asked = await run('delete', 'near', backup, '--json');
    expect(asked.code).toBe(4);
    expect(asked.result).toMatchObject({ error: { code: 'CONFIRM_REQUIRED' } });
    const wrong = await run('delete', 'near', backup, '--confirm', 'near');
    expect(wrong.code).toBe(4);
    expect(world.keys('near', backup)).toContain('backup.json');
  });

  it('deletes a backup with what the database wrote for it', async () => {
    const { code, stdout } = await run('delete', 'near', backup, '--confirm', backup);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      / is deleted: \d+ objects \(.*\) in near, and what the database wrote for it/,
    );
    expect(world.keys('near', backup)).toEqual([]);
    expect(world.written(backup)).toEqual([]);
    expect((await run('delete', 'near', backup, '--confirm', backup)).code).toBe(3);
  });
});
