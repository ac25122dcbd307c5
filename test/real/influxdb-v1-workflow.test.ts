import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport, RestoreReport } from '../../workflows/contract/operations.ts';
import { findTool } from '../../infra/tools/find-tool.ts';
import { run } from '../client/command.ts';
import { phase } from '../faults/following.ts';
import type { Step } from '../support/death-wish.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { loadWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { workerProgram, type WorkerProgram } from '../support/worker-program.ts';
import { recoveryBlocks, runBlock } from './recovery-page.ts';
import {
  ALARMS,
  pointsOf,
  setV1Stage,
  SHARDS,
  START,
  type V1Stage,
} from './influxdb-v1-workflow-stage.ts';

const ALL = ['events of plant 7', 'telemetry'];

describe('a backup of the vendor, restored into a real InfluxDB 1', () => {
  let stage: V1Stage;
  let backup: string;
  let warnings: BackupReport['warnings'];
  beforeAll(async () => {
    stage = await setV1Stage({ worker: true });
    await stage.holdfast.run('backup', { target: 'metrics' });
    // The tool packs everything anew, under other names and with them in each gzip: shards are known by their files.
    ({ backup, warnings } = await stage.holdfast.run('backup', { target: 'metrics' }));
    const own = await readdir(join(stage.store, 'metrics', backup, 'data'));
    expect(own.filter((name) => name.endsWith('.gz'))).toEqual([]);
  });
  afterAll(() => stage?.stop());
  afterEach(async () => {
    stage.proxy.release();
    await stage.empty();
  });

  test('comes back whole, and proven', async () => {
    const report = await stage.holdfast.run('restore', { target: 'metrics', into: 'spare' });
    expect(report.restored.toSorted()).toEqual(ALL);
    const { identical, equivalent } = report.proof;
    expect(identical + equivalent).toBe(SHARDS + 2);
    expect(report.warnings.filter(({ code }) => code === 'PROOF_PARTIAL')).toMatchObject([
      { message: expect.stringContaining('does not count 1 of 2 measurements (_name)') },
    ]);
    expect(await stage.databases()).toEqual(ALL);
    for (const from of [
      'telemetry.raw.cpu',
      'telemetry.monthly.cpu',
      '"events of plant 7"..stop',
    ]) {
      const original = await pointsOf(stage.source, from);
      expect(original.length).toBeGreaterThan(0);
      expect(await pointsOf(stage.spare, from)).toEqual(original);
    }
  });

  test('brings back what was deleted shortly before, as it says', async () => {
    const told = warnings.filter(({ code }) => code === 'TOMBSTONES_PRESENT');
    expect(told).toMatchObject([{ message: expect.stringContaining('(shard 1)') }]);
    const select = { databases: ['telemetry'] };
    await stage.holdfast.run('restore', { target: 'metrics', into: 'spare', select });
    const [left, back] = [
      await pointsOf(stage.source, 'telemetry.raw.alarm'),
      await pointsOf(stage.spare, 'telemetry.raw.alarm'),
    ];
    expect(left).toHaveLength(ALARMS - 1);
    expect(back).toHaveLength(ALARMS);
    expect(back).toEqual(expect.arrayContaining(left));
    expect(back).toContainEqual(expect.objectContaining({ time: START * 1e9, v: 0 }));
  });

  test('brings one database back under another name, beside the old one', async () => {
    await stage.spare.query('CREATE DATABASE telemetry');
    const select = { databases: ['telemetry'] };
    const wanted = { target: 'metrics', into: 'spare', select };
    await expect(stage.holdfast.run('restore', wanted)).rejects.toMatchObject({
      cause: { type: 'DESTINATION_EXISTS' },
    });
    const { restored } = await stage.holdfast.run('restore', {
      ...wanted,
      rename: { telemetry: 'telemetry again' },
    });
    expect(restored).toEqual(['telemetry again']);
    expect(await stage.databases()).toEqual(['telemetry', 'telemetry again']);
    expect(await pointsOf(stage.spare, '"telemetry again".raw.cpu')).toEqual(
      await pointsOf(stage.source, 'telemetry.raw.cpu'),
    );
  });

  test.each([
    ['restore-v1-server', ALL],
    ['restore-v1-database', ['telemetry-recovered']],
  ])('is read without Holdfast, as the block %s of the recovery page says', async (last, back) => {
    await using folder = await temporaryFolder('recovery-v1');
    const programs = join(folder.path, 'bin');
    const recovery = join(folder.path, 'recovery');
    await mkdir(programs);
    await mkdir(recovery);
    // Under its own name, in front of any other of that name.
    await symlink(await findTool('influxd-v1'), join(programs, 'influxd'));
    const blocks = await recoveryBlocks();
    for (const name of [
      'fetch-directory',
      'fetch-named-directory',
      'check',
      'leave-out',
      'decrypt',
      'join',
      'rename',
      last,
    ]) {
      if (name === 'rename') await renameShard(join(recovery, 'data'));
      const { code, output } = await runBlock(blocks.get(name) ?? 'false', {
        PATH: `${programs}:${process.env['PATH']}`,
        BACKUP_URL: join(stage.store, 'metrics', backup),
        RECOVERY: recovery,
        SNAPSHOT_HOST: stage.spare.snapshot,
        DATABASE: 'telemetry',
      });
      expect(code, `${name}: ${output}`).toBe(0);
    }
    expect(await stage.databases()).toEqual(back);
    const original = await pointsOf(stage.source, 'telemetry.raw.cpu');
    const telemetry = back.find((name) => name.startsWith('telemetry'));
    // The tool ends before the server does.
    await expect.poll(() => pointsOf(stage.spare, `"${telemetry}".raw.cpu`)).toEqual(original);
  });

  test('is taken by the official tool out of the tar that `holdfast export` makes', async () => {
    await using folder = await temporaryFolder('export-v1');
    const tar = join(folder.path, 'metrics.tar');
    const env = { HOLDFAST_CONFIG: stage.holdfast.configPath };
    const { code, stderr } = await run(['export', 'metrics', backup, '--tar', tar], { env });
    expect(code, stderr).toBe(0);
    const unpacked = join(folder.path, 'unpacked');
    await mkdir(unpacked);
    await promisify(execFile)('tar', ['-xf', tar, '-C', unpacked]);
    await stage.spare.restore(unpacked);
    expect(await stage.databases()).toEqual(ALL);
    for (const from of ['telemetry.raw.cpu', 'telemetry.monthly.cpu']) {
      const original = await pointsOf(stage.source, from);
      // The tool ends before the server does.
      await expect.poll(() => pointsOf(stage.spare, from)).toEqual(original);
    }
  });

  test('leaves nothing when it is cancelled in its midst', async () => {
    await stage.spare.query('CREATE DATABASE kept');
    // Enough for what creates the databases, and too little for reading every shard back.
    stage.proxy.hold(20_000);
    const handle = await stage.holdfast.start('restore', { target: 'metrics', into: 'spare' });
    await phase(handle, 'restoring');
    expect(await stage.databases()).toEqual(['events of plant 7', 'kept', 'telemetry']);
    await handle.signal('cancel');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await stage.databases()).toEqual(['kept']);
  });

  test('leaves what the doctor finds and removes when it is terminated', async () => {
    await stage.spare.query('CREATE DATABASE kept');
    stage.proxy.hold(20_000);
    const handle = await stage.holdfast.start('restore', { target: 'metrics', into: 'spare' });
    await phase(handle, 'restoring');
    await handle.terminate('by hand');
    stage.proxy.release();
    const env = {
      HOLDFAST_CONFIG: stage.holdfast.configPath,
      TEMPORAL_ADDRESS: stage.address,
      TEMPORAL_NAMESPACE: stage.holdfast.namespace,
      TEST_V1_AIVEN_TOKEN: stage.aiven.account.token,
    };
    const told = async (...args: string[]) => (await run(['doctor', ...args], { env })).stdout;
    expect(await told()).toMatch(
      new RegExp(
        `spare: telemetry \\(marked restoring-[0-9a-f]{8}\\) in the database is left of ${handle.workflowId}, `,
      ),
    );
    expect(await told('--remove-leftovers')).toMatch(/removed telemetry \(marked/);
    expect(await stage.databases()).toEqual(['kept']);
  });
});

/** As if a second attempt had written it. */
async function renameShard(data: string): Promise<void> {
  const name = (await readdir(data)).find((one) => one.endsWith('.tar.gz')) ?? '';
  await rename(join(data, name), join(data, name.replace('.tar', '~2.tar')));
}

/** Each kills one worker; the next one goes on. */
const STEPS: Step[] = [
  'captureBackup answer 4',
  'captureBackup link 4',
  'captureBackup link 9',
  'captureBackup after',
  'prepareRestore before',
  'prepareRestore answer 2',
  'prepareRestore after',
  'restorePage before',
  'restorePage answer 9',
  'restorePage after',
  'finishRestore before',
  'finishRestore answer 3',
  'finishRestore after',
];

describe('workers that are killed', () => {
  let stage: V1Stage;
  let program: WorkerProgram;
  let worker: WorkerProcess | undefined;
  beforeAll(async () => {
    program = await workerProgram();
    stage = await setV1Stage({ worker: false });
  });
  afterAll(async () => {
    await worker?.kill();
    await stage?.stop();
    await program?.remove();
  });

  test('in mid-backup and mid-restore leave one whole backup, and every point back once', async () => {
    const left = [...STEPS];
    const begin = async () => {
      worker = await loadWorkerProcess(program).start({
        address: stage.address,
        namespace: stage.holdfast.namespace,
        configPath: stage.holdfast.configPath,
        spoolRoot: stage.spool,
        workflows: program.workflows,
        dieAt: left,
      });
      return worker;
    };
    const succession = async () => {
      for (;;) {
        const diedAt = await (await begin()).gone;
        if (diedAt === undefined) return;
        left.splice(left.indexOf(diedAt), 1);
      }
    };
    const workers = succession();
    await stage.holdfast.run('backup', { target: 'metrics' });
    const report: RestoreReport = await stage.holdfast.run('restore', {
      target: 'metrics',
      into: 'spare',
    });
    await worker?.kill();
    await workers;

    expect(left).toEqual([]);
    // Each attempt goes on with what the first one requested.
    expect(stage.aiven.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(report.restored.toSorted()).toEqual(ALL);
    expect(await stage.databases()).toEqual(ALL);
    const policies = await stage.spare.query('SHOW RETENTION POLICIES ON telemetry');
    expect(policies.map(({ name }) => name)).toEqual(['raw', 'monthly']);
    expect(await pointsOf(stage.spare, 'telemetry.raw.cpu')).toEqual(
      await pointsOf(stage.source, 'telemetry.raw.cpu'),
    );
  });
});
