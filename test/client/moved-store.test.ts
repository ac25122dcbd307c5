import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { causeOf, startWorld, type World } from '../workflows/world.ts';
import { run as runCommand } from './command.ts';

let world: World;
let room: TemporaryFolder;
let backup: string;

beforeAll(async () => {
  world = await startWorld({ shards: 3 });
  room = await temporaryFolder('new-store');
  ({ backup } = await world.holdfast.run('backup', { target: 'metrics' }));
  const unset = { env: 'TEST_NO_SUCH_KEY' };
  const credentials = { accessKeyId: unset, secretAccessKey: unset };
  const stores = {
    ...world.config.stores,
    unread: { type: 's3', bucket: 'lost', region: 'us-east-1', credentials },
    room: { type: 'directory', path: room.path },
  };
  const { metrics, spare } = world.config.targets;
  await world.holdfast.configure({
    stores,
    targets: { metrics: { ...metrics, store: 'room' }, spare },
  });
});
afterAll(async () => {
  await world?.stop();
  await room?.remove();
});

const run = (...args: string[]) =>
  runCommand(args, {
    env: {
      HOLDFAST_CONFIG: world.holdfast.configPath,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: world.holdfast.namespace,
    },
  });

describe('of a target that has another store now,', () => {
  it('list says where its earlier backups lie, whatever the others answer', async () => {
    const lines = await run('list');
    expect(lines).toMatchObject({
      code: 0,
      stdout: 'There are no backups where the targets keep them now.\n',
    });
    expect(lines.stderr).toMatch(
      /^Backups of metrics lie in store disk, .*\nTo reach them, let `store` of metrics be disk: /,
    );
    const { code, result } = await run('list', 'metrics', '--json');
    expect(code).toBe(0);
    expect(result).toEqual({
      backups: [],
      elsewhere: [{ target: 'metrics', store: 'room', otherStores: ['disk'] }],
    });
    expect((await run('list', 'spare', '--json')).result).toEqual({ backups: [] });
  });

  it('show names the stores that have the backup', async () => {
    const error = {
      code: 'BACKUP_UNKNOWN',
      message: expect.stringContaining('lies in store disk'),
    };
    expect((await run('show', 'metrics', backup, '--json')).result).toMatchObject({ error });
    const other = backup.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const unknown = await run('show', 'metrics', other, '--json');
    expect(unknown.result).toMatchObject({ error: { code: 'BACKUP_UNKNOWN' } });
    expect(unknown.stdout).not.toContain('store disk');
  });

  it.each([
    ['restore', { dryRun: true }],
    ['verify', {}],
    ['copy', {}],
  ] as const)('%s names them too', async (operation, more) => {
    const failed = await world.holdfast
      .run(operation, { target: 'metrics', ...more })
      .catch(causeOf);
    expect(failed).toMatchObject({
      type: 'BACKUP_UNKNOWN',
      message: expect.stringContaining('Backups of metrics lie in store disk') as string,
      details: [{ hint: expect.stringContaining('let `store` of metrics be disk') as string }],
    });
  });

  it('the command copy does so before it asks a worker', async () => {
    const message = expect.stringContaining('Backups of metrics lie in store disk') as string;
    const { code, result } = await run('copy', 'metrics', '--json');
    expect({ code, result }).toMatchObject({ code: 3, result: { error: { message } } });
  });

  it('list asks no other store once there is a backup where it keeps them now', async () => {
    const made = await world.holdfast.run('backup', { target: 'metrics' });
    const { result } = await run('list', 'metrics', '--json');
    expect(result).toEqual({ backups: [expect.objectContaining({ backup: made.backup })] });
  });
});
