import { join } from 'node:path';
import type { Benchmark, Row } from './benchmark.ts';
import { startChild } from './child.ts';
import { startSimulatedSource, targetOf } from './simulated-source.ts';
import { BUCKET, startStage } from './stage.ts';

const SHARDS = 10_000;
const SHARD_BYTES = 4096;
/** The default of `limits.concurrency`. */
const CONCURRENCY = 4;
const MOST_EVENTS = 2000;

/** What each artifact costs beside its bytes. */
export const manyShards: Benchmark = {
  rows: ['many-shards'],
  async run({ build, rounds = 3, say }) {
    await using source = await startSimulatedSource(build, {
      shards: SHARDS,
      shardBytes: SHARD_BYTES,
    });
    await using stage = await startStage(build);
    await using worker = await stage.startWorker({ BENCH_TOKEN: source.token });
    await using bare = await startChild(join(build, 'bench/processes/bare-loops.js'), []);
    await stage.configure({ metrics: targetOf(source) });
    const ours: number[] = [];
    const theirs: number[] = [];
    let events = 0;

    const bareLoop = async (round: number, shards: number[]) => {
      const store = { ...stage.s3, server: undefined, bucket: BUCKET, key: `bare-${round}` };
      const since = performance.now();
      await bare.ask('manyShards', { source, shards, store, concurrency: CONCURRENCY });
      const seconds = (performance.now() - since) / 1000;
      await stage.removeObjects(store.key);
      return seconds;
    };
    await bareLoop(0, source.shards.slice(0, 500));
    for (let round = 1; round <= rounds; round++) {
      theirs.push(await bareLoop(round, source.shards));
      say(`round ${round}: bare loop ${theirs.at(-1)?.toFixed(1)} s`);
      const before = await worker.usage();
      const run = await stage.run('backup', { target: 'metrics' });
      const after = await worker.usage();
      ours.push(run.seconds);
      events = Math.max(events, run.events);
      await stage.removeObjects(`metrics/${run.report.backup}`);
      say(
        `round ${round}: backup ${run.seconds.toFixed(1)} s, ${run.events} events, ` +
          `worker ${(after.cpuSeconds - before.cpuSeconds).toFixed(1)} CPU s`,
      );
    }
    const row: Row = {
      name: 'many-shards',
      work: `backup of ${SHARDS.toLocaleString('en')} shards of 4 KiB`,
      against: `the barest loop over the same requests (GET of the shard, PutObject), ${CONCURRENCY} at a time`,
      ours: { label: 'backup, whole workflow', unit: 's', values: ours },
      theirs: { label: 'barest loop', unit: 's', values: theirs },
      bar: { kind: 'times as much, at most', factor: 2 },
      conditions: [
        {
          text: `history of ${events} events, below ${MOST_EVENTS.toLocaleString('en')}`,
          met: events < MOST_EVENTS,
        },
      ],
    };
    return [row];
  },
};
