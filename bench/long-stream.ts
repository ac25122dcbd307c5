import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Benchmark, Row } from './benchmark.ts';
import { startChild } from './child.ts';
import { startSimulatedSource, targetOf } from './simulated-source.ts';
import { BUCKET, startStage } from './stage.ts';

const GIB = 1024 ** 3;
const STREAM_BYTES = 4 * GIB;

/** What each byte costs the worker. */
export const longStream: Benchmark = {
  rows: ['stream-cpu', 'stream-cpu-encrypted'],
  async run({ build, wanted, rounds = 3, say }) {
    await using source = await startSimulatedSource(build, { shards: 1, shardBytes: STREAM_BYTES });
    await using stage = await startStage(build);
    await using worker = await stage.startWorker({ BENCH_TOKEN: source.token });
    await using bare = await startChild(join(build, 'bench/processes/bare-loops.js'), []);
    const recipients = [await identityToRecipient(await generateX25519Identity())];
    await stage.configure({
      plain: targetOf(source),
      encrypted: targetOf(source, { encryption: { recipients } }),
    });
    const seconds: Record<string, number[]> = { bare: [], plain: [], encrypted: [] };

    const measured = async (name: string, of: typeof bare, work: () => Promise<unknown>) => {
      const before = await of.usage();
      const since = performance.now();
      await work();
      const wall = (performance.now() - since) / 1000;
      const cpu = (await of.usage()).cpuSeconds - before.cpuSeconds;
      seconds[name]?.push(cpu);
      say(`${name}: ${cpu.toFixed(2)} CPU s in ${wall.toFixed(1)} s`);
    };
    const backUp = async (target: string) => {
      const { report } = await stage.run('backup', { target });
      await stage.removeObjects(target);
      return report;
    };
    for (let round = 1; round <= rounds; round++) {
      await measured('bare', bare, () =>
        bare.ask('oneStream', {
          source,
          shard: source.shards[0],
          store: { ...stage.s3, server: undefined, bucket: BUCKET, key: 'bare' },
        }),
      );
      await stage.removeObjects('bare');
      if (wanted.has('stream-cpu')) await measured('plain', worker, () => backUp('plain'));
      if (wanted.has('stream-cpu-encrypted')) {
        await measured('encrypted', worker, () => backUp('encrypted'));
      }
    }
    const row = (name: string, key: string, work: string, factor: number): Row => ({
      name,
      work,
      against: 'the barest loop of undici into UploadPart, in the same part size, without a hash',
      ours: { label: 'worker', unit: 'CPU s', values: seconds[key] ?? [] },
      theirs: { label: 'barest loop', unit: 'CPU s', values: seconds['bare'] ?? [] },
      bar: { kind: 'times as much, at most', factor },
    });
    return [
      row('stream-cpu', 'plain', 'one stream of 4 GiB into S3, with hashes and tar walk', 1.7),
      row('stream-cpu-encrypted', 'encrypted', 'the same, encrypted with age', 2.6),
    ].filter(({ name }) => wanted.has(name));
  },
};
