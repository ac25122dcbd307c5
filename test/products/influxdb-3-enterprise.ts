import { randomUUID } from 'node:crypto';
import { influxdb3Enterprise } from '../../activities/products/influxdb-3-enterprise/index.ts';
import type { Call } from '../simulators/influxdb-3-enterprise/exchange.ts';
import {
  type EnterpriseSimulator,
  type SimulatorOptions,
  startEnterpriseSimulator,
} from '../simulators/influxdb-3-enterprise/index.ts';
import type { AnswerOf, DelegatedUnderTest, DelegatedWorld } from './delegated-under-test.ts';

export interface EnterpriseWorld extends DelegatedWorld {
  readonly simulator: EnterpriseSimulator;
}

const CALLS: Record<AnswerOf, Call> = {
  start: 'startBackup',
  cancel: 'cancelBackup',
  restore: 'startRestore',
  restoreCancel: 'cancelRestore',
};

/** InfluxDB 3 Enterprise for the shared suite. Units are databases. */
export function enterpriseUnderTest(options: SimulatorOptions = {}): DelegatedUnderTest {
  return {
    product: influxdb3Enterprise,
    stallMs: 4_000,
    start: () => enterpriseWorld(options),
    detects: { truncated: true },
    oneAtATime:
      options.switches?.concurrentBackups === true ? 'they may run at the same time' : true,
    identity: true,
    restore: {
      everything: {},
      unit: 'it restores whole clusters only',
      kind: 'rollback',
    },
    label: (unit) => unit,
  };
}

export async function enterpriseWorld(options: SimulatorOptions = {}): Promise<EnterpriseWorld> {
  const token = `secret-${randomUUID()}`;
  const simulator = await startEnterpriseSimulator({ ...options, token });
  // Fractions of a second tell two backups of a fast test apart.
  const { switches, cluster } = simulator;
  Object.assign(switches, {
    wholeSeconds: false,
    backupMs: 40,
    restoreMs: 40,
    ...options.switches,
  });
  const secrets = [token];
  const connection = (url?: string): Record<string, unknown> => ({
    ...(url === undefined ? { nodes: simulator.nodes.map((node) => node.url) } : { url }),
    token: inEnvironment(token),
    clusterId: simulator.clusterId,
    storage: storageOf(simulator),
  });
  return {
    simulator,
    url: simulator.url,
    secrets,
    connection,
    strangeConnection() {
      const strange = `secret-${randomUUID()}`;
      secrets.push(strange);
      return { ...connection(), token: inEnvironment(strange) };
    },
    weakConnection: () =>
      Promise.resolve({ ...connection(), token: inEnvironment(simulator.lesserToken) }),
    seed(unit, seed) {
      cluster.write(unit, linesOf(seed));
      return Promise.resolve();
    },
    destroy(unit) {
      cluster.dropDatabase(unit);
      return Promise.resolve();
    },
    corrupt(unit) {
      const [rows] = cluster.content.get(unit)?.tables.values() ?? [];
      const [key] = rows?.keys() ?? [];
      if (key !== undefined) rows?.delete(key);
      return Promise.resolve();
    },
    contents: (unit) => Promise.resolve(contentsOf(simulator, unit)),
    units: () => Promise.resolve([...cluster.content.keys()].sort()),
    backups: () => Promise.resolve([...cluster.backups.keys()].sort()),
    faults: {
      loseAnswer: (call) => void (switches.answerLost = { at: [CALLS[call]], times: 1 }),
      loseRequest: (call) => void (switches.connectionLost = { at: [CALLS[call]], times: 1 }),
      holdJobs: () => void (switches.held = true),
      release: () => void (switches.held = false),
      failBackup: () => void (switches.backupFails = 1),
      failRestore: () => void (switches.restoreFails = 1),
      spoilRestore: () => void (switches.restoreLosesRows = 1),
      unavailable: (now) => void (switches.unavailable = now),
    },
    [Symbol.asyncDispose]: () => simulator.stop(),
  };
}

/** Every row of every table of a database. */
export function contentsOf({ cluster }: EnterpriseSimulator, database: string): unknown {
  const found = cluster.content.get(database);
  if (!found) return undefined;
  return Object.fromEntries(
    [...found.tables].map(([table, rows]) => [
      table,
      [...rows.values()].map(({ line, time }) => `${line} ${time}`).sort(),
    ]),
  );
}

/** Two tables; each seed has series of its own. */
export function linesOf(seed: string, rows = 600): string[] {
  return Array.from({ length: rows }, (_, i) => {
    const table = i % 3 === 0 ? 'disk' : 'cpu';
    return `${table},host=${seed}-${i % 5} v=${i} ${1_600_000_000_000_000_000n + BigInt(i) * 1_000_000_007n}`;
  });
}

/** Puts a secret where a configuration may refer to it. */
export function inEnvironment(value: string): { env: string } {
  const env = `HOLDFAST_TEST_${randomUUID().replaceAll('-', '')}`;
  process.env[env] = value;
  return { env };
}

function storageOf({ storage }: EnterpriseSimulator): Record<string, unknown> {
  if (storage.type === 'directory') return { ...storage, shared: true };
  const { endpoint, bucket, prefix, region = 'us-east-1', accessKeyId, secretAccessKey } = storage;
  return {
    type: 's3',
    endpoint,
    bucket,
    region,
    ...(prefix === undefined ? {} : { prefix }),
    credentials: {
      accessKeyId: inEnvironment(accessKeyId),
      secretAccessKey: inEnvironment(secretAccessKey),
    },
  };
}
