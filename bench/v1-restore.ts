import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInfluxdV1, type InfluxdV1 } from '../test/support/influxd-v1.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import type { Benchmark } from './benchmark.ts';
import { DATABASE, PortableBackup } from './portable-backup.ts';
import { startSimulatedAiven } from './simulated-aiven.ts';
import { startStage } from './stage.ts';

const SHARDS = Number(process.env['BENCH_V1_SHARDS'] ?? 300);

/** A whole restore into a real InfluxDB 1, with its proof, against the official tool. */
export const v1Restore: Benchmark = {
  rows: ['v1-restore'],
  async run({ build, rounds = 3, say }) {
    await using folder = await temporaryFolder('portable');
    const backup = await PortableBackup.make(SHARDS, 1);
    const tar = join(folder.path, 'backup.tar');
    const files = join(folder.path, 'files');
    await backup.writeTar(tar);
    await mkdir(files);
    await backup.writeFolder(files);
    say(`made a backup of ${SHARDS} shards`);
    await using stage = await startStage(build);
    await using aiven = await startSimulatedAiven(build, tar);
    await using worker = await stage.startWorker({ BENCH_TOKEN: aiven.token });
    await stage.configure({ metrics: aiven.target });
    const { report } = await stage.run('backup', { target: 'metrics' });
    const ours: number[] = [];
    const theirs: number[] = [];
    const done: number[] = [];

    for (let round = 1; round <= rounds; round += 1) {
      {
        await using server = await startInfluxdV1({ folder: join(folder.path, `${round}-a`) });
        const since = performance.now();
        await server.restore(files);
        theirs.push((performance.now() - since) / 1000);
        await allShards(server);
        done.push((performance.now() - since) / 1000);
        say(`official restore: ${theirs.at(-1)?.toFixed(1)} s, done ${done.at(-1)?.toFixed(1)} s`);
      }
      await using server = await startInfluxdV1({ folder: join(folder.path, `${round}-b`) });
      await stage.configure({
        metrics: aiven.target,
        legacy: {
          product: 'influxdb-v1',
          connection: { url: server.url, snapshot: server.snapshot },
          store: 'main',
        },
      });
      const before = await worker.usage();
      const restored = await stage.run('restore', {
        target: 'metrics',
        backup: report.backup,
        into: 'legacy',
      });
      const cpu = (await worker.usage()).cpuSeconds - before.cpuSeconds;
      ours.push(restored.seconds);
      say(`restore: ${restored.seconds.toFixed(1)} s, worker ${cpu.toFixed(1)} CPU s`);
      const { identical } = restored.report.proof;
      if (identical !== SHARDS) throw new Error(`Only ${identical} shards were proven identical.`);
    }
    const mebibytes = (report.plainBytes / 1024 ** 2).toFixed(0);
    return [
      {
        name: 'v1-restore',
        work: `a restore into influxd 1.6.7, proven (${SHARDS} shards, ${mebibytes} MiB)`,
        against: '`influxd restore -portable` from local files, which proves nothing',
        ours: { label: 'Holdfast: restore', unit: 's', values: ours },
        theirs: { label: 'official restore', unit: 's', values: theirs },
        bar: { kind: 'times as much, at most', factor: 1.5 },
        notes: [
          `The tool ends before the server has taken in the last shards, and that is what counts here; all of them answered after ${done.map((seconds) => seconds.toFixed(1)).join(', ')} s.`,
        ],
      },
    ];
  },
};

/** A shard answers nothing until the server has taken it in. */
async function allShards(server: InfluxdV1): Promise<void> {
  const statement = `SELECT count(usage) FROM cpu WHERE host = 'host-000' GROUP BY time(1h) fill(none)`;
  const range = `time >= '2020-01-01T00:00:00Z'`;
  for (;;) {
    const rows = await server
      .query(statement.replace('WHERE', `WHERE ${range} AND`), DATABASE)
      .catch(() => []);
    if (rows.length === SHARDS) return;
    await sleep(100);
  }
}
