import { inject } from 'vitest';
import { findTool } from '../../infra/tools/find-tool.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/holding-proxy.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { HASTE } from '../workflows/world.ts';
import { holdCompactions } from './hold-compactions.ts';

/** A service whose backups are of a real InfluxDB 1, `source`, and another one to restore into: target `spare`. */
export interface V1Stage {
  source: InfluxdV1;
  spare: InfluxdV1;
  /** In front of the spare server's snapshot protocol. */
  proxy: HoldingProxy;
  aiven: AivenSimulator;
  holdfast: Holdfast;
  /** Of the directory store. */
  store: string;
  spool: string;
  address: string;
  /** Of the spare server. */
  databases(): Promise<string[]>;
  /** Drops every database of the spare server. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** Seconds; an hour of data is one shard. */
export const START = 1_700_002_800;
const HOUR = 3600;
export const SHARDS = 40;
/** Of which one is deleted before any backup. */
export const ALARMS = 3;

/** @param options.worker false: the test starts its own, in processes of their own */
export async function setV1Stage(options: { worker: boolean }): Promise<V1Stage> {
  const store = await temporaryFolder('v1-store');
  const spool = await temporaryFolder('v1-spool');
  const source = await startInfluxdV1();
  const spare = await startInfluxdV1();
  const proxy = await startHoldingProxy(`http://${spare.snapshot}`);
  await seed(source);
  const aiven = await startAivenSimulator({
    content: { influxd: await findTool('influxd-v1'), snapshot: source.snapshot },
  });
  process.env['TEST_V1_AIVEN_TOKEN'] = aiven.account.token;
  const address = inject('temporalAddress');
  const { project, service } = aiven.account;
  const common = { store: 'disk', timeouts: { ...HASTE, attempts: 60 } };
  const holdfast = await startHoldfast({
    address,
    worker: options.worker,
    config: {
      stores: { disk: { type: 'directory', path: store.path } },
      targets: {
        metrics: {
          product: 'aiven-influxdb',
          connection: {
            project,
            service,
            token: { env: 'TEST_V1_AIVEN_TOKEN' },
            apiUrl: aiven.url,
          },
          ...common,
        },
        spare: {
          product: 'influxdb-v1',
          connection: { url: spare.url, snapshot: new URL(proxy.url).host },
          ...common,
        },
      },
    },
  });
  const databases = async () => {
    const rows = await spare.query('SHOW DATABASES');
    return rows.map(({ name }) => name ?? '').toSorted();
  };
  return {
    source,
    spare,
    proxy,
    aiven,
    holdfast,
    store: store.path,
    spool: spool.path,
    address,
    databases,
    empty: async () => {
      for (const name of await databases()) await spare.query(`DROP DATABASE "${name}"`);
    },
    stop: async () => {
      await holdfast.stop();
      await aiven.stop();
      await proxy[Symbol.asyncDispose]();
      await Promise.all([source.stop(), spare.stop(), store.remove(), spool.remove()]);
    },
  };
}

/** Two databases, one of them with two retention policies, a point that is deleted, and one that no query finds. */
async function seed(server: InfluxdV1): Promise<void> {
  await server.query('CREATE DATABASE telemetry WITH DURATION INF SHARD DURATION 1h NAME raw');
  await server.query(
    'CREATE RETENTION POLICY monthly ON telemetry DURATION INF REPLICATION 1 SHARD DURATION 4w',
  );
  await server.query('CREATE DATABASE "events of plant 7"');
  const hours = Array.from({ length: SHARDS }, (_, hour) => START + hour * HOUR);
  await server.write(
    'telemetry',
    hours.flatMap((time) =>
      Array.from({ length: 20 }, (_, at) => `cpu,host=h${at % 3} v=${at} ${time + at}`),
    ),
  );
  await server.write(
    'telemetry',
    hours.map((time) => `cpu v=1 ${time}`),
    'monthly',
  );
  // The server takes this name for its own, and answers no query of it.
  await server.write('events of plant 7', [`stop reason="belt" ${START}`, `_name v=1 ${START}`]);
  await server.write(
    'telemetry',
    Array.from({ length: ALARMS }, (_, at) => `alarm v=${at} ${START + at}`),
  );
  await using flushed = await temporaryFolder('v1-flushed');
  // What is deleted after that stays in its file, beside a note that it is gone.
  await server.backup(flushed.path);
  await holdCompactions(server, 'telemetry/raw');
  await server.query(`DELETE FROM alarm WHERE time = ${START}s`, 'telemetry');
}

/** Every point of a measurement, in a form that can be compared. */
export async function pointsOf(server: InfluxdV1, from: string): Promise<unknown[]> {
  const rows = await server.query(`SELECT * FROM ${from}`);
  return rows.map((row) => ({ ...row })).toSorted((a, b) => compare(a, b));
}

function compare(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
