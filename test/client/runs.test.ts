import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startWorld, type World } from '../workflows/world.ts';
import { run as runCommand, start as startCommand, type Ran } from './command.ts';

let world: World;
let env: Record<string, string>;

beforeAll(async () => {
  world = await startWorld({ shards: 20 });
  env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
    TEST_SOURCE_TOKEN: world.source.token,
    TEST_SPARE_TOKEN: world.spare.token,
  };
});
afterAll(() => world?.stop());
beforeEach(() => world.source.calm());

const run = (...args: string[]): Promise<Ran> => runCommand(args, { env });

describe('holdfast backup', () => {
  it('follows the run, and ends with its report', async () => {
    const { code, objects, result } = await run(
      'backup',
      'metrics',
      '--note',
      'mine',
      '--tag',
      'a=b',
      '--json',
    );
    expect(code).toBe(0);
    expect(objects[0]).toMatchObject({
      event: 'started',
      workflowId: expect.stringMatching(/^backup\/metrics\/\d{4}-\d\d-\d\dt/) as string,
    });
    expect(objects.map(({ event }) => event)).toContain('warning');
    expect(result).toMatchObject({ target: 'metrics', store: 'disk', state: 'ok', artifacts: 22 });
    expect(await world.manifest(String(result['backup']))).toMatchObject({
      note: 'mine',
      tags: { a: 'b' },
    });
  });

  it('exits with 5 for warnings when it is strict, and tells each warning once', async () => {
    const { code, stdout, stderr } = await run('backup', 'metrics', '--strict');
    expect(code).toBe(5);
    expect(stderr.match(/^warning METADATA_UNENCRYPTED/gm)).toHaveLength(1);
    expect(stdout).toMatch(/ is in disk: 22 artifacts, .*, with 1 warning\n$/);
  });

  it('shows what is tried again, while it is', async () => {
    world.source.switches.shardCut = true;
    const following = startCommand(['backup', 'metrics'], { env });
    await expect.poll(() => following.stderr()).toMatch(/transferPage: attempt \d+, last error: /);
    world.source.calm();
    expect((await following.ended).code).toBe(0);
  });
});

describe('holdfast list and show', () => {
  it('read the store itself, within 80 columns', async () => {
    const listed = await run('list');
    expect(listed.code).toBe(0);
    const lines = listed.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^TARGET +BACKUP +AGE +STORED +STATE +PROOF$/);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);

    const shown = await run('show', 'metrics', '--json', '--objects');
    expect(shown.result).toMatchObject({
      place: expect.stringContaining(world.store.path) as string,
      manifest: { target: 'metrics', state: 'ok' },
    });
    const { manifest, objects } = shown.result as {
      manifest: { totals: { objects: number } };
      objects: unknown[];
    };
    expect(objects).toHaveLength(manifest.totals.objects);
  });
});

describe('holdfast list, of several stores', () => {
  it('shows what it can read when one of them cannot be, and exits with 1', async () => {
    await world.holdfast.run('backup', { target: 'metrics' });
    const unset = { env: 'TEST_NO_SUCH_KEY' };
    const credentials = { accessKeyId: unset, secretAccessKey: unset };
    const lost = { type: 's3', bucket: 'lost', region: 'us-east-1', credentials };
    const { stores, targets } = world.config;
    const config = {
      stores: { ...stores, lost },
      targets: { elsewhere: { ...targets['metrics'], store: 'lost' }, ...targets },
    };
    const path = join(world.holdfast.folder, 'two-stores.yaml');
    await writeFile(path, JSON.stringify(config));
    const list = (...args: string[]) => run('list', ...args, '--config', path);

    const lines = await list();
    expect(lines.code).toBe(1);
    expect(lines.stdout).toMatch(/^elsewhere +SECRET_MISSING$/m);
    expect(lines.stdout).toMatch(/^metrics +\d{4}-.* ok/m);
    expect(lines.stderr).toMatch(/^SECRET_MISSING \(target elsewhere\): .* TEST_NO_SUCH_KEY, /m);

    const { code, result } = await list('--json');
    expect(code).toBe(1);
    const { backups } = result as { backups: object[] };
    expect(backups[0]).toMatchObject({
      target: 'elsewhere',
      store: 'lost',
      problem: expect.stringContaining('TEST_NO_SUCH_KEY') as string,
    });
    expect(backups[1]).toMatchObject({ target: 'metrics', state: 'ok' });

    const alone = await list('elsewhere', '--json');
    expect(alone.result).toMatchObject({ error: { code: 'SECRET_MISSING' } });
  });
});

describe('holdfast verify', () => {
  it('exits with 0 for a whole backup and with 8 for a damaged one', async () => {
    const report = await world.holdfast.run('backup', { target: 'metrics' });
    const whole = await run('verify', 'metrics', report.backup, '--deep', '--json');
    expect(whole.code).toBe(0);
    expect(whole.result).toMatchObject({ ok: true, depth: 'deep', backup: report.backup });

    const [shard] = (await world.files()).filter(
      (file) => file.includes(report.backup) && file.endsWith('.tar'),
    );
    await writeFile(join(world.store.path, String(shard)), 'flipped');
    const damaged = await run('verify', 'metrics', report.backup);
    expect(damaged.code).toBe(8);
    expect(damaged.stdout).toMatch(/ is damaged: \d+ findings? /);

    const passedOver = [expect.stringContaining(report.backup)];
    expect((await run('show', 'metrics', '--json')).result).toMatchObject({ passedOver });
    const tar = join(world.holdfast.folder, 'metrics.tar');
    const exported = await run('export', 'metrics', '--tar', tar, '--json');
    expect(exported.result).toMatchObject({ tar, passedOver });
  });
});

it('an argument that is wrong leads to the help of its verb', async () => {
  const { code, result } = await run('verify', 'metrics', 'nosuch', '--json');
  expect(code).toBe(2);
  const hint = expect.stringContaining('`holdfast verify --help`') as string;
  expect(result).toMatchObject({ error: { code: 'INPUT_INVALID', hint } });
});

describe('holdfast restore', () => {
  const RENAMED = ['--bucket', 'telemetry', '--rename', 'telemetry=again'];

  it('shows the plan, and changes nothing when nobody can be asked', async () => {
    const { code, stderr, stdout } = await run('restore', 'metrics', ...RENAMED);
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/creates:\n {2}acme\/again\n/);
    expect(stderr).toMatch(/CONFIRM_REQUIRED: Nothing was restored: nobody can be asked/);
  });

  it('restores what it showed, and says how it was proven', async () => {
    const { code, stdout } = await run('restore', 'metrics', ...RENAMED, '--yes');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ is restored into metrics: .*; proven 20 artifacts identical/);
  });

  it.each([
    ['a whole server', []],
    ['a bucket', ['--bucket', 'telemetry', '--on-conflict', 'replace']],
  ])(
    'refuses to replace %s without the name of the destination, also with --yes',
    async (_, what) => {
      const { code, result } = await run('restore', 'metrics', ...what, '--yes', '--json');
      expect(code).toBe(4);
      expect(result).toMatchObject({
        error: {
          code: 'CONFIRM_REQUIRED',
          hint: expect.stringContaining('--confirm metrics') as string,
        },
      });
    },
  );

  it('says at once all that it wants where nobody can be asked', async () => {
    const { result } = await run('restore', 'metrics', '--json');
    const hint = 'Look at the plan, then pass --yes and --confirm metrics.';
    expect(result).toMatchObject({ error: { code: 'CONFIRM_REQUIRED', hint } });
  });

  it('says that the name given is not that of the destination', async () => {
    const { code, stderr } = await run('restore', 'metrics', '--yes', '--confirm', 'metricks');
    expect(code).toBe(4);
    expect(stderr).toMatch(/replaces what is in metrics, and "metricks" is not its name\./);
  });

  it('gives the plan as its result for --dry-run', async () => {
    const { code, result } = await run('restore', 'metrics', '--dry-run', '--json');
    expect(code).toBe(0);
    expect(result).toMatchObject({ dryRun: true, plan: { destructive: true, into: 'metrics' } });
  });

  it.each([
    [['--backup', '2020-01-01t00-00-00z-123456'], 3, 'BACKUP_UNKNOWN'],
    [['--bucket', 'nosuch'], 3, 'SELECTION_EMPTY'],
    [['--into', 'nosuch'], 3, 'TARGET_UNKNOWN'],
  ])('exits with the kind of failure of the run: %j', async (args, code, failure) => {
    const ran = await run('restore', 'metrics', ...args, '--yes', '--json');
    expect(ran.code).toBe(code);
    expect(ran.result).toMatchObject({ error: { code: failure } });
  });

  it.each([
    ['--class', 'classes'],
    ['--database', 'databases'],
    ['--retention-policy', 'retentionPolicies'],
  ])('chooses with %s too, where the product has such a thing', async (option, key) => {
    const { code, result } = await run('restore', 'metrics', option, 'some', '--json');
    expect(code).toBe(2);
    const message = expect.stringContaining(
      `select.${key}\` means nothing to influxdb-v2`,
    ) as string;
    expect(result).toMatchObject({ error: { code: 'INPUT_INVALID', message } });
  });

  it('asks for what is marked as deleted with --keep-deleted', async () => {
    const { code, result } = await run(
      'restore',
      'metrics',
      '--keep-deleted',
      '--dry-run',
      '--json',
    );
    expect(code).toBe(0);
    expect(result['warnings']).toContainEqual(
      expect.objectContaining({ code: 'INPUT_NOT_ACTED_ON', subject: 'keepDeleted' }),
    );
  });
});

describe('holdfast status and cancel', () => {
  it('show a run and end it', async () => {
    world.source.switches.bytesPerSecond = 20;
    const detached = await run('backup', 'metrics', '--detach');
    expect(detached.code).toBe(0);
    const id = detached.stdout.trim();
    expect(id).toMatch(/^backup\/metrics\//);

    const status = await run('status', 'metrics', '--json');
    const { runs } = status.result as { runs: Record<string, unknown>[] };
    expect(runs[0]).toMatchObject({ workflowId: id, status: 'RUNNING', target: 'metrics' });

    const lines = (await run('status')).stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^RUN +STATE +AGE +DETAIL$/);
    expect(lines[1]).toContain(`${id} `);

    const followed = startCommand(['cancel', 'metrics', '--reason', 'a test', '--json'], { env });
    const cancelled = await followed.ended;
    expect(cancelled.code).toBe(6);
    expect(cancelled.result).toMatchObject({ workflowId: id, cancelled: true });

    const after = await run('status', id);
    expect(after.code).toBe(0);
    expect(after.stdout).toMatch(/^state +cancelled$/m);
    expect(after.stdout).toMatch(/^failure +CANCELLED: /m);
  });

  it('find a run by whatever id it was started, and leave alone what is no run', async () => {
    world.source.switches.bytesPerSecond = 20;
    const id = randomUUID();
    const { workflow } = world.holdfast.client;
    const started = { workflowId: id, taskQueue: 'holdfast', args: [{ target: 'metrics' }] };
    await workflow.start('backup', started);
    const status = await run('status', id);
    expect(status.stdout).toMatch(new RegExp(`^run +${id}$`, 'm'));
    expect((await run('status', 'nosuch', '--json')).result).toMatchObject({
      error: { code: 'RUN_UNKNOWN' },
    });

    const locked = () =>
      workflow.getHandle('target/metrics').query<{ workflowId: string }>('holder');
    await expect.poll(() => locked().catch(() => undefined)).toMatchObject({ workflowId: id });
    const lock = await run('cancel', 'target/metrics', '--json');
    expect(lock.code).toBe(2);
    const message = `target/metrics is no run, but a lock, which ${id} holds.`;
    const hint = `Cancel its holder: holdfast cancel ${id}`;
    expect(lock.result).toMatchObject({ error: { code: 'INPUT_INVALID', message, hint } });

    const strange = await workflow.start('foreign', {
      ...started,
      workflowId: 'some/other',
      taskQueue: 'elsewhere',
    });
    const refused = await run('cancel', 'some/other', '--json');
    expect(refused.result).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    const { events } = await strange.fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toEqual([]);
    await strange.terminate();

    const cancelled = await run('cancel', id, '--json');
    expect(cancelled.code).toBe(6);
    expect(cancelled.result).toMatchObject({ workflowId: id, cancelled: true });
  });

  it('cancel at once what waits for a worker beside its database', async () => {
    const lonely = { ...world.config.targets['metrics'], taskQueue: 'nowhere' };
    await world.holdfast.configure({
      ...world.config,
      targets: { ...world.config.targets, lonely },
    });
    const id = (await run('backup', 'lonely', '--detach')).stdout.trim();
    const idle = async () => (await run('status', id, '--json')).result['noWorkerOn'];
    await expect.poll(idle).toBe('nowhere');
    // Nothing in the file names its queue any more.
    await world.holdfast.configure(world.config);
    const { result } = await run('doctor', '--json');
    expect(result['checks']).toContainEqual(
      expect.objectContaining({
        subject: 'task queue nowhere',
        level: 'problem',
        message: expect.stringContaining(id) as string,
      }),
    );
    expect((await run('cancel', 'lonely', '--json')).code).toBe(6);
  });

  it('say of a terminated run who removes what it left', async () => {
    world.source.switches.bytesPerSecond = 20;
    const id = (await run('backup', 'metrics', '--detach')).stdout.trim();
    await world.holdfast.client.workflow.getHandle(id).terminate();
    const { result } = await run('status', id, '--json');
    const hint = expect.stringContaining('`holdfast doctor --remove-leftovers`') as string;
    expect(result).toMatchObject({ error: { code: 'CANCELLED', hint } });
  });

  it.each([['metrics'], ['backup/metrics/never']])(
    'exit with 3 where there is no such run: %s',
    async (which) => {
      const { code, result } = await run('cancel', which, '--json');
      expect(code).toBe(3);
      expect(result).toMatchObject({ error: { code: 'RUN_UNKNOWN' } });
    },
  );
});

describe('holdfast doctor', () => {
  it('finds no problem where there is none, and exits with 8 where there is one', async () => {
    const well = await run('doctor', '--json');
    expect(well.result).toMatchObject({ ok: true });
    expect(well.code).toBe(0);
    const { checks } = well.result as { checks: { area: string; level: string }[] };
    expect(checks.map(({ area }) => area)).toEqual(
      expect.arrayContaining(['config', 'temporal', 'store', 'target']),
    );

    const ill = await runCommand(['doctor'], { env: { ...env, TEST_SOURCE_TOKEN: 'wrong' } });
    expect(ill.code).toBe(8);
    expect(ill.stdout).toMatch(/^PROBLEM target metrics: /m);
    expect(ill.stdout).toMatch(/\n1 problem found\.\n$/);
    expect(ill.stdout).not.toContain('wrong');
  });
});
