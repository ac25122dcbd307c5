import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
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

  let before = { points: 0, sha256: '' };
  await narration.step('Write', async () => {
    const year = yearUntil(new Date());
    await writeLines(database, database.bucket, year.lines);
    before = await contentsOf(database, database.bucket);
    const values = `${before.points.toLocaleString('en')} values`;
    return [`a year, hourly, ${plural(year.measurements, 'measurement')}: ${values}`];
  });

  let backup: BackupReport | undefined;
  await narration.step('Back up', async (moving) => {
    const input = { target: TARGET, note: 'the demo' };
    backup = await operate<BackupReport>(client, 'backup', input, moving);
    const { artifacts, storedBytes } = backup;
    return [`${plural(artifacts, 'artifact')}, ${humanBytes(storedBytes)}`, backup.backup];
  });

  await narration.step('Destroy', async () => {
    await destroy(database);
    return [
      `the bucket ${database.bucket} is deleted, with all that was in it`,
      'asked the database: it knows no such bucket any more',
    ];
  });

  await narration.step('Restore', async (moving) => {
    const input = { target: TARGET, select: { buckets: [database.bucket] } };
    const report = await operate<RestoreReport>(client, 'restore', input, moving);
    const { identical, equivalent } = report.proof;
    const same = equivalent > 0 ? `, ${equivalent} compacted and equal in content` : '';
    return [
      `${report.restored.join(', ')}: ${humanBytes(report.bytes)}`,
      `read back and compared: ${plural(identical, 'artifact')} identical${same}`,
    ];
  });

  await narration.step('Prove', async () => {
    const after = await contentsOf(database, database.bucket);
    if (after.sha256 !== before.sha256) {
      throw new Error(`${after.points} of ${before.points} values came back, or not the same.`);
    }
    return [
      `asked the database: ${after.points.toLocaleString('en')} of ${before.points.toLocaleString('en')} values, all equal`,
    ];
  });

  const holdfast = `npm run -s holdfast --`;
  narration.list('What to look at next', [
    ['the runs', `${temporal.ui}/namespaces/default/workflows`],
    ['the backup', relative('.', join(store.folder, TARGET, backup?.backup ?? ''))],
    ['first', `export HOLDFAST_CONFIG=${relative('.', configPath)}`],
    ['then', `${holdfast} show ${TARGET}`],
    ['', `${holdfast} verify ${TARGET} --deep`],
    ['', `${holdfast} backup ${TARGET}`],
  ]);
  if (exit) return;
  narration.say('Everything stays up until Ctrl-C.');
  await interrupted;
}

/** A step that starts something which is stopped at the end. */
async function started<T extends { stop(): Promise<void> }>(
  name: string,
  start: () => Promise<T>,
  inWords: (server: T) => string[],
): Promise<T> {
  const servers: T[] = [];
  await narration.step(name, async () => {
    const server = await start();
    toStop.push(() => server.stop());
    servers.push(server);
    return inWords(server);
  });
  return servers[0] as T;
}

async function destroy(database: Database): Promise<void> {
  const find = async () => (await bucketsOf(database)).find(({ name }) => name === database.bucket);
  const path = `/api/v2/buckets/${(await find())?.id}`;
  const { status, text } = await callInflux(database, 'DELETE', path);
  if (status !== 204) throw new Error(`The bucket could not be deleted: ${text}`);
  if (await find()) throw new Error('The bucket is still there.');
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
