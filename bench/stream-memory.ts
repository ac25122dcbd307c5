import type { Benchmark } from './benchmark.ts';
import { startSimulatedSource, targetOf } from './simulated-source.ts';
import { startStage } from './stage.ts';

const MIB = 1024 ** 2;
const SHORT = 256 * MIB;
const LONG = 8 * 1024 * MIB;
const MOST_MIB = 350;

/** Whether memory grows with the stream. */
export const streamMemory: Benchmark = {
  rows: ['stream-memory'],
  async run({ build, rounds = 2, say }) {
    await using stage = await startStage(build);
    /** Each stream in a worker of its own, whose peak is the kernel's own mark. */
    const peakOf = async (shardBytes: number) => {
      await using source = await startSimulatedSource(build, { shards: 1, shardBytes });
      await using worker = await stage.startWorker({ BENCH_TOKEN: source.token });
      await stage.configure({ metrics: targetOf(source) });
      await stage.run('backup', { target: 'metrics' });
      const { peakBytes } = await worker.usage();
      await stage.removeObjects('metrics');
      say(`${shardBytes / MIB} MiB: peak of ${(peakBytes / MIB).toFixed(0)} MiB`);
      return peakBytes / MIB;
    };
    const short: number[] = [];
    const long: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      short.push(await peakOf(SHORT));
      long.push(await peakOf(LONG));
    }
    const most = Math.max(...short, ...long);
    return [
      {
        name: 'stream-memory',
        work: 'peak resident memory of the worker, one stream of 8 GiB',
        against: 'one stream of 256 MiB',
        ours: { label: '8 GiB', unit: 'MiB', values: long },
        theirs: { label: '256 MiB', unit: 'MiB', values: short },
        bar: { kind: 'apart, at most', difference: 32 },
        conditions: [
          {
            text: `at most ${most.toFixed(0)} MiB in any round, below ${MOST_MIB}`,
            met: most < MOST_MIB,
          },
        ],
      },
    ];
  },
};
