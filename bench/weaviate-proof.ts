import { createHash, randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { askWeaviate, countObjects, writeObjects } from '../test/support/weaviate-data.ts';
import { startVersitygw } from '../test/support/versitygw.ts';
import { startWeaviate, type Weaviate } from '../test/support/weaviate.ts';
import type { Benchmark, BenchmarkContext, Row } from './benchmark.ts';
import { startChild } from './child.ts';

const MIB = 1024 ** 2;
const BUCKET = 'product';
const DIMENSIONS = 256;
/** Of the reader's peak, from a tenth of the objects to all of them. */
const FLAT_MIB = 64;

/** Every object read and digested, on a real server. */
export const weaviateProof: Benchmark = {
  rows: ['weaviate-proof'],
  run: (context) => compareProofs(context, { objects: 200_000 }),
};

export async function compareProofs(
  { build, rounds = 5, say }: BenchmarkContext,
  { objects }: { objects: number },
): Promise<Row[]> {
  await using s3 = await startVersitygw({ buckets: [BUCKET], keepAlive: true });
  await using server = await startWeaviate({ storage: { ...s3, bucket: BUCKET } });
  const tenth = objects / 10;
  say(`writing ${objects + tenth} objects of ${DIMENSIONS} dimensions`);
  await fill(server, 'Tenth', tenth);
  await fill(server, 'Whole', objects);

  /** A process of its own for each reading, so that its peak is that of this reading. */
  const readBy = async (program: string, className: string) => {
    await using child = await startChild(join(build, `bench/processes/${program}.js`), []);
    const since = performance.now();
    const answer = await child.ask<number>('read', { url: server.url, className });
    const seconds = (performance.now() - since) / 1000;
    const { peakBytes, cpuSeconds } = await child.usage();
    return { answer, seconds, cpuSeconds, peakMib: peakBytes / MIB };
  };
  const census = async (className: string, expected: number) => {
    const reading = await readBy('weaviate-census', className);
    if (reading.answer !== expected) throw new Error(`${reading.answer} objects were digested.`);
    return reading;
  };

  await readBy('weaviate-cursor', 'Whole');
  const ours: number[] = [];
  const theirs: number[] = [];
  const peaks: { tenth: number[]; whole: number[] } = { tenth: [], whole: [] };
  let mebibytes = 0;
  for (let round = 1; round <= rounds; round++) {
    const bare = await readBy('weaviate-cursor', 'Whole');
    theirs.push(bare.seconds);
    mebibytes = bare.answer / MIB;
    const proof = await census('Whole', objects);
    ours.push(proof.seconds);
    peaks.whole.push(proof.peakMib);
    peaks.tenth.push((await census('Tenth', tenth)).peakMib);
    say(
      `round ${round}: cursor ${bare.seconds.toFixed(1)} s (${bare.cpuSeconds.toFixed(1)} CPU s), ` +
        `census ${proof.seconds.toFixed(1)} s (${proof.cpuSeconds.toFixed(1)} CPU s), ` +
        `peaks of ${peaks.tenth.at(-1)?.toFixed(0)} and ${proof.peakMib.toFixed(0)} MiB`,
    );
  }
  const [small, large] = [Math.max(...peaks.tenth), Math.max(...peaks.whole)];
  const size = objects.toLocaleString('en');
  return [
    {
      name: 'weaviate-proof',
      work: `proof \`full\` of ${size} objects with ${DIMENSIONS} dimensions on a real Weaviate`,
      against:
        'the barest loop over the cursor: bodies drained, nothing parsed but the id that the next page needs',
      ours: { label: 'census with `proof: full`', unit: 's', values: ours },
      theirs: { label: 'barest loop', unit: 's', values: theirs },
      bar: { kind: 'times as much, at most', factor: 1.3 },
      conditions: [
        {
          text:
            `memory is flat: the highest peak (VmHWM) of the census is ${large.toFixed(0)} MiB, and ` +
            `${small.toFixed(0)} MiB with ${tenth.toLocaleString('en')} objects`,
          met: large - small <= FLAT_MIB,
        },
      ],
      notes: [`the barest loop reads ${mebibytes.toFixed(0)} MiB of JSON`],
    },
  ];
}

/** Without an index of the vectors, which no reading of objects asks and which would take minutes to build. */
async function fill(server: Weaviate, className: string, objects: number): Promise<void> {
  await askWeaviate(server, 'POST', '/schema', {
    class: className,
    vectorizer: 'none',
    vectorIndexConfig: { skip: true },
    properties: [
      { name: 'title', dataType: ['text'] },
      { name: 'rank', dataType: ['int'] },
    ],
  });
  const batches = Array.from({ length: Math.ceil(objects / 500) }, (_, at) => at * 500).values();
  const lane = async () => {
    for (const from of batches) {
      const batch = Array.from({ length: Math.min(500, objects - from) }, (_, at) => ({
        class: className,
        id: idOf(className, from + at),
        properties: { title: `Object number ${from + at}`, rank: from + at },
        vector: randomVector(),
      }));
      await writeObjects(server, batch);
    }
  };
  await Promise.all([lane(), lane()]);
  const count = await countObjects(server, className);
  if (count !== objects) throw new Error(`${className} has ${count} objects.`);
}

/** Floats of 32 bits between -1 and 1, as long in JSON as those of a model. */
function randomVector(): number[] {
  const bits = randomFillSync(new Int32Array(DIMENSIONS));
  return Array.from(bits, (one) => Math.fround(one / 2 ** 31));
}

/** Spread over all ids, as those at random are. */
function idOf(className: string, number: number): string {
  const hex = createHash('sha256').update(`${className} ${number}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
