import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import { asHoldfastError } from '../../client/failures.ts';
import { humanBytes, plural } from '../../client/terminal/figures.ts';
import { callInflux, bucketsOf, contentsOf, writeLines } from '../../test/support/influx.ts';
import { startTemporal } from '../../test/support/temporal.ts';
import type { BackupReport, RestoreReport } from '../../workflows/contract/operations.ts';
import { findTool } from '../tools/find-tool.ts';
import { demoFolder, leaveFolder } from './folder.ts';
import { startHoldfast, TARGET, writeConfig } from './holdfast.ts';
import { Narration } from './narration.ts';
import { operate } from './operate.ts';
import { startDatabase, startStore, type Database } from './servers.ts';
import { yearUntil } from './year.ts';

const HELP = `npm run demo [-- --real] [-- --exit]
  --real   insist on a real InfluxDB and a real S3 server, and fetch them when they are not here
  --exit   end when everything is proven, instead of staying up to be looked at`;

const narration = new Narration();
const toStop: (() => Promise<void>)[] = [];
// For good: npm, tsx and the terminal each pass a Ctrl-C on, and the second must not cut the stopping short.
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
});

async function demo({ real, exit }: { real: boolean; exit: boolean }): Promise<void> {
  narration.title('Holdfast: a year of data, backed up, destroyed, restored and proven');
  const folder = await demoFolder();
  toStop.push(() => leaveFolder(folder));
  const servers = await startServers(folder, real);
  const { client, database } = servers;

  const before = await write(database);
  const { backup } = await backUp(client);
  await destroy(database);
  await restore(client, database);
  await prove(database, before);

  whatNext(servers, backup);
  if (exit) return;
  narration.say('Everything stays up until Ctrl-C.');
  await interrupted;
}

async function startServers(folder: string, real: boolean) {
  const wish = { real, tell: (line: string) => narration.remark(line) };
  const temporal = await started(
    'Temporal',
    async () => {
      await findTool('temporal', { onProgress: wish.tell });
      return startTemporal({ ui: true });
    },
    (server) => [`${server.address}, UI ${server.ui}`],
  );
  const database = await started(
    'Database',
    () => startDatabase(wish),
    ({ what }) => [what],
  );
  const store = await started(
    'Store',
    () => startStore(folder, wish),
    ({ what }) => [what],
  );
  const configPath = await writeConfig(folder, temporal, database, store);
  const { client } = await started(
    'Worker',
    () => startHoldfast(temporal.address, configPath),
    () => ['in this process'],
  );
  return { temporal, database, store, configPath, client };
}

/** A step that starts something which is stopped at the end. */
async function started<T extends { stop(): Promise<void> }>(
  name: string,
  start: () => Promise<T>,
  inWords: (server: T) => string[],
): Promise<T> {
  const server = await narration.step(name, start, inWords);
  toStop.push(() => server.stop());
  return server;
}

type Contents = Awaited<ReturnType<typeof contentsOf>>;

async function write(database: Database): Promise<Contents> {
  const year = yearUntil(new Date());
  return narration.step(
    'Write',
    async () => {
      await writeLines(database, database.bucket, year.lines);
      return contentsOf(database, database.bucket);
    },
    ({ points }) => [
      `a year, hourly, ${plural(year.measurements, 'measurement')}: ${count(points)} values`,
    ],
  );
}

function backUp(client: Client): Promise<BackupReport> {
  const input = { target: TARGET, note: 'the demo' };
  return narration.step(
    'Back up',
    (moving) => operate<BackupReport>(client, 'backup', input, moving),
    ({ backup, artifacts, storedBytes }) => [
      `${plural(artifacts, 'artifact')}, ${humanBytes(storedBytes)}`,
      backup,
    ],
  );
}

async function destroy(database: Database): Promise<void> {
  const find = async () => (await bucketsOf(database)).find(({ name }) => name === database.bucket);
  await narration.step(
    'Destroy',
    async () => {
      const path = `/api/v2/buckets/${(await find())?.id}`;
      const { status, text } = await callInflux(database, 'DELETE', path);
      if (status !== 204) throw new Error(`The bucket could not be deleted: ${text}`);
      if (await find()) throw new Error('The bucket is still there.');
    },
    () => [
      `the bucket ${database.bucket} is deleted, with all that was in it`,
      'asked the database: it knows no such bucket any more',
    ],
  );
}

async function restore(client: Client, { bucket }: Database): Promise<void> {
  const input = { target: TARGET, select: { buckets: [bucket] } };
  await narration.step(
    'Restore',
    (moving) => operate<RestoreReport>(client, 'restore', input, moving),
    ({ restored, bytes, proof: { identical, equivalent } }) => {
      const same = equivalent > 0 ? `, ${equivalent} compacted and equal in content` : '';
      return [
        `${restored.join(', ')}: ${humanBytes(bytes)}`,
        `read back and compared: ${plural(identical, 'artifact')} identical${same}`,
      ];
    },
  );
}

async function prove(database: Database, before: Contents): Promise<void> {
  await narration.step(
    'Prove',
    async () => {
      const after = await contentsOf(database, database.bucket);
      if (after.sha256 === before.sha256) return after;
      throw new Error(`${after.points} of ${before.points} values came back, or not the same.`);
    },
    ({ points }) => [
      `asked the database: ${count(points)} of ${count(before.points)} values, all equal`,
    ],
  );
}

function whatNext(
  { temporal, store, configPath }: Awaited<ReturnType<typeof startServers>>,
  backup: string,
): void {
  const holdfast = `npm run -s holdfast --`;
  narration.list('What to look at next', [
    ['the runs', `${temporal.ui}/namespaces/default/workflows`],
    ['the backup', relative('.', join(store.folder, TARGET, backup))],
    ['first', `export HOLDFAST_CONFIG=${relative('.', configPath)}`],
    ['then', `${holdfast} show ${TARGET}`],
    ['', `${holdfast} verify ${TARGET} --deep`],
    ['', `${holdfast} backup ${TARGET}`],
  ]);
}

function count(values: number): string {
  return values.toLocaleString('en');
}

const options = {
  real: { type: 'boolean', default: false },
  exit: { type: 'boolean', default: false },
} as const;
try {
  const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
  if (values.help) console.log(HELP);
  else await Promise.race([demo(values), interrupted]);
} catch (error) {
  const { message, hint } = asHoldfastError(error);
  narration.failure(message, hint);
  process.exitCode = 1;
} finally {
  for (const stop of toStop.toReversed()) await stop().catch(() => undefined);
}
