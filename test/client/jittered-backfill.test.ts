import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { freshNamespace } from '../support/namespace.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { run as runCommand, type Ran } from './command.ts';

const TEN_DAYS_MS = 864_000_000;

let folder: TemporaryFolder;
let connection: Connection;
let client: Client;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await temporaryFolder('jittered');
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address);
  connection = await openConnection({ address });
  client = new Client({ connection, namespace });
  const config = join(folder.path, 'holdfast.yaml');
  env = { HOLDFAST_CONFIG: config, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
  const target = (schedule: string) =>
    `{ product: influxdb-v2, connection: { url: "http://a", token: { env: T } }, store: disk, schedule: ${schedule} }`;
  await writeFile(
    config,
    'stores: { disk: { type: directory, path: ./b } }\n' +
      'targets:\n' +
      `  daily: ${target('{ cron: "0 4 * * *", timeZone: Europe/Berlin, jitter: 10m }')}\n` +
      `  hourly: ${target('{ cron: "0 * * * *", jitter: 59m }')}\n`,
  );
  expect((await run('schedule', 'apply', '--yes')).code).toBe(0);
});
afterAll(async () => {
  await connection?.close();
  await folder?.remove();
});

const run = (...args: string[]): Promise<Ran> => runCommand(args, { env });

async function backfill(target: string, from: string, to: string): Promise<number> {
  const range = ['--from', from, '--to', to, '--yes', '--overlap', 'allowAll'];
  const { code, result } = await run('schedule', 'backfill', target, ...range, '--json');
  expect(code).toBe(0);
  return Number(result['times']);
}

/** The times of the runs that began so far, in order. */
async function begun(target: string): Promise<string[]> {
  const prefix = `backup/${target}/scheduled-`;
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({
    query: `WorkflowId STARTS_WITH '${prefix}'`,
  })) {
    found.push(workflowId.slice(prefix.length));
  }
  return found.toSorted();
}

const actions = async (target: string) =>
  (await client.schedule.getHandle(`backup/${target}`).describe()).info.numActionsTaken;

describe('a backfill of a schedule with jitter runs what it counts', () => {
  it('also the last time of the range, though jitter puts it off until after that', async () => {
    expect(await backfill('daily', '2026-11-20T03:00:00Z', '2026-11-20T03:00:01Z')).toBe(1);
    await expect.poll(() => begun('daily')).toEqual(['2026-11-20T03:00:00Z']);
  });

  it('and no time that lies after the range, though both ends lie closer than jitter', async () => {
    expect(await backfill('hourly', '2026-11-19T01:00:00Z', '2026-11-19T03:59:59Z')).toBe(3);
    const hours = ['01', '02', '03'].map((hour) => `2026-11-19T${hour}:00:00Z`);
    await expect.poll(() => begun('hourly')).toEqual(hours);
    expect(await actions('hourly')).toBe(3);
  });

  it('and leaves to the schedule what that has yet to run', async () => {
    const handle = client.schedule.getHandle('backup/daily');
    const due = Date.now() - 60_000;
    await handle.update((before) => ({
      ...before,
      spec: { intervals: [{ every: TEN_DAYS_MS, offset: due % TEN_DAYS_MS }], jitter: '9d' },
    }));
    const from = new Date(due - 60_000).toISOString();
    const to = new Date(due + 30_000).toISOString();
    const ran = await run('schedule', 'backfill', 'daily', '--from', from, '--to', to, '--json');
    expect(ran.code).toBe(2);
    const message = expect.stringMatching(/^backup\/daily has no time from /) as string;
    expect(ran.result).toMatchObject({ error: { code: 'INPUT_INVALID', message } });
  });
});
