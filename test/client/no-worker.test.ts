import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start } from './command.ts';
import { hasTerminals, startInTerminal } from './in-terminal.ts';
import { unattended, type Unattended } from './unattended.ts';

let here: Unattended;
let client: Client;
let env: Record<string, string>;

beforeAll(async () => {
  here = await unattended('no-worker', { searchAttributes: false });
  ({ env } = here);
  ({ client } = here.session);
});
afterAll(() => here?.[Symbol.asyncDispose]());

describe('where no worker polls the queue', () => {
  it('says so and exits with 7, and the run stays', async () => {
    const { code, objects, result } = await run(['backup', 'metrics', '--json'], { env });
    expect(code).toBe(7);
    expect(result).toMatchObject({
      error: {
        code: 'WORKER_MISSING',
        message: expect.stringMatching(
          /^No worker polls the task queue holdfast; the run /,
        ) as string,
      },
    });
    const { status } = await client.workflow
      .getHandle(String(objects[0]?.['workflowId']))
      .describe();
    expect(status.name).toBe('RUNNING');
  });

  it('keeps waiting with --wait, and leaves the run alone when it is told to stop', async () => {
    const waiting = start(['backup', 'metrics', '--wait'], { env });
    await expect
      .poll(() => waiting.stderr())
      .toContain('No worker polls the task queue holdfast; waiting for one');
    const id = /started (\S+)/.exec(waiting.stderr())?.[1] ?? '';
    waiting.kill('SIGINT');
    const { code, stdout } = await waiting.ended;
    expect(code).toBe(130);
    expect(stdout).toContain(`The run goes on. See it with: holdfast status ${id}`);
    expect((await client.workflow.getHandle(id).describe()).status.name).toBe('RUNNING');
  });

  it('tells in status and doctor what is missing, with the command that mends it', async () => {
    const status = await run(['status', 'metrics'], { env });
    expect(status.stdout).toMatch(/^backup\/metrics\/\S+ +running .* waiting for a worker$/m);
    const doctor = await run(['doctor'], { env });
    expect(doctor.code).toBe(8);
    expect(doctor.stdout).toMatch(/^PROBLEM temporal task queue holdfast: no worker polls it/m);
    expect(doctor.stdout).toMatch(/^PROBLEM temporal search attributes: not registered: Holdfast/m);
    expect(doctor.stdout).toMatch(/temporal operator search-attribute create --address .* --name/);
  });
});

it.skipIf(!hasTerminals)('colours no report of the doctor that goes into a file', async () => {
  const report = join(here.path, 'report.txt');
  await startInTerminal(['doctor'], env, report).ended;
  expect(await readFile(report, 'utf8')).toMatch(/^PROBLEM temporal task queue holdfast: /m);
});

describe('holdfast cancel', () => {
  it('says that the cancel waits for a worker, when none is there for a while', async () => {
    const id = 'backup/waiting/2026-11-20t02-00-00z';
    const handle = await client.workflow.start('backup', {
      workflowId: id,
      taskQueue: 'holdfast',
      args: [{ target: 'waiting' }],
    });
    const { code, result } = await run(['cancel', id, '--json'], { env });
    expect(code).toBe(7);
    const message = `No worker polls the task queue holdfast: the cancel of ${id} is recorded, and takes effect when one comes.`;
    expect(result).toMatchObject({ error: { code: 'WORKER_MISSING', message } });
    await handle.terminate();
  });

  it('does not call cancelled what was terminated meanwhile: nothing of it was cleaned up', async () => {
    const id = 'backup/killed/2026-11-20t02-00-00z';
    const handle = await client.workflow.start('backup', {
      workflowId: id,
      taskQueue: 'holdfast',
      args: [{ target: 'killed' }],
    });
    const cancelling = start(['cancel', id, '--wait', '--json'], { env });
    await expect.poll(() => cancelling.stdout()).toContain('"cancelling"');
    await handle.terminate();
    const { code, result } = await cancelling.ended;
    const message = `The run ${id} was terminated by hand.`;
    const hint = expect.stringContaining('`holdfast doctor --remove-leftovers`') as string;
    expect(result).toMatchObject({ error: { message, hint } });
    expect(code).toBe(1);
  });
});

describe('holdfast status', () => {
  const id = `backup/${'metrics-'.repeat(7)}x/2026-11-20t02-00-00z`;
  beforeAll(async () => {
    await client.workflow.start('backup', { workflowId: id, taskQueue: 'holdfast', args: [{}] });
  });

  it('cuts nothing where it goes to no terminal', async () => {
    const whole = new RegExp(`^${id} +running +\\d+ s +waiting for a worker$`, 'm');
    await expect.poll(async () => (await run(['status'], { env })).stdout).toMatch(whole);
  });

  it.skipIf(!hasTerminals)('never cuts the id of a run', async () => {
    const shown = startInTerminal(['status'], env);
    await shown.ended;
    const lines = shown.screen().split('\n');
    expect(lines[lines.indexOf(id) + 1]).toMatch(/^ {2}running, \d+ s, waiting for a worker$/);
  });
});

it('holdfast status says where a restore that has ended is listed, where another target can be restored into this one', async () => {
  const config = join(here.path, 'services.yaml');
  await writeFile(
    config,
    `stores: { disk: { type: directory, path: . } }
targets:
  service: { product: aiven-influxdb, connection: { project: p, service: s, token: { env: T } }, store: disk }
  rescue: { product: influxdb-v1, connection: { url: "http://127.0.0.1:1" }, store: disk }
`,
  );
  const statusOf = async (target: string) =>
    (await run(['status', target], { env: { ...env, HOLDFAST_CONFIG: config } })).stdout;
  expect(await statusOf('rescue')).toBe(
    'No run of rescue is under way, and Temporal lists none that ended. A restore into rescue that has ended is listed under the target whose backup it was.\n',
  );
  expect(await statusOf('service')).toBe(
    'No run of service is under way, and Temporal lists none that ended.\n',
  );
});

describe('what a dead run left', () => {
  const left = () => join(here.path, 'metrics/2026-11-20t02-00-00z-7f3a1c/work');
  beforeAll(async () => {
    await mkdir(left(), { recursive: true });
    const claim = { cluster: 'c', namespace: 'n', workflowId: 'backup/metrics/x', runId: 'r' };
    await writeFile(join(left(), 'run.json'), JSON.stringify(claim));
  });

  it('keeps the doctor, where no Temporal answers, from nothing else that it can tell', async () => {
    const unreachable = { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { code, stdout } = await run(['doctor', '--remove-leftovers'], { env: unreachable });
    expect(code).toBe(8);
    expect(stdout).toMatch(/^PROBLEM temporal .*No Temporal server answers at 127\.0\.0\.1:1\.$/m);
    expect(stdout).toMatch(/^PROBLEM target metrics: /m);
    expect(stdout).toMatch(/^note +leftovers metrics: No Temporal server answers/m);
    expect(await readdir(left())).toEqual(['run.json']);
  });

  it('is left alone where another Temporal knows the run, and may be removed when that one is lost', async () => {
    const { stdout } = await run(['doctor', '--remove-leftovers'], { env });
    expect(stdout).toMatch(
      /metrics\/2026-11-20t02-00-00z-7f3a1c\/ .* of another Temporal \(namespace n\)\n.* lost for good, .* remove this folder .* by hand/,
    );
    expect(await readdir(left())).toEqual(['run.json']);
  });

  it('is no problem where it is a deletion that another Temporal may be at', async () => {
    const backup = 'metrics/2026-11-20t03-00-00z-7f3a1c';
    const condemned = join(here.path, backup);
    await mkdir(condemned);
    const claim = { cluster: 'c', namespace: 'n', workflowId: 'delete/metrics/x', runId: 'r' };
    await writeFile(join(condemned, 'backup.json'), '{}');
    await writeFile(join(condemned, 'deleting.json'), JSON.stringify(claim));
    const { stdout } = await run(['doctor', '--remove-leftovers'], { env });
    const [, told = ''] = new RegExp(`^(note .*${backup}/ .*\\n.*)`, 'm').exec(stdout) ?? [];
    expect(told).toMatch(
      /delete\/metrics\/x of another Temporal \(namespace n\).*\n +Look from there\. /,
    );
    expect(await readdir(condemned)).toEqual(['backup.json', 'deleting.json']);
  });
});
