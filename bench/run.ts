/**
 *   npm run bench                    every row
 *   npm run bench -- stream-cpu …    some
 *   npm run bench -- --rounds 5 …    more rounds than the default
 *
 * Prints figures and ratios, and writes the rows into bench/RESULTS.md. `nice` it as you like: both sides feel it.
 */
import { parseArgs } from 'node:util';
import { aivenTar } from './aiven-tar.ts';
import { build } from './build.ts';
import { judge } from './figures.ts';
import { longStream } from './long-stream.ts';
import { manyShards } from './many-shards.ts';
import { offSiteCopy } from './off-site-copy.ts';
import { pollDay } from './poll-day.ts';
import { realServer } from './real-server.ts';
import { recordRows } from './results.ts';
import { streamMemory } from './stream-memory.ts';
import { v1Restore } from './v1-restore.ts';
import { weaviateProof } from './weaviate-proof.ts';

const BENCHMARKS = [
  realServer,
  longStream,
  streamMemory,
  manyShards,
  offSiteCopy,
  weaviateProof,
  aivenTar,
  v1Restore,
  pollDay,
];
const names = BENCHMARKS.flatMap(({ rows }) => rows);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' } },
});
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  throw new Error(`There is no row ${unknown.join(', ')}; there are ${names.join(', ')}.`);
}
const wanted = new Set(positionals.length > 0 ? positionals : names);
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const output = await build();
for (const benchmark of BENCHMARKS) {
  if (!benchmark.rows.some((name) => wanted.has(name))) continue;
  const say = (line: string) => console.log(`${benchmark.rows[0]}: ${line}`);
  const since = performance.now();
  const rows = await benchmark.run({ build: output, wanted, rounds, say });
  say(`took ${((performance.now() - since) / 60_000).toFixed(1)} minutes`);
  for (const row of rows) {
    const { value, met } = judge(row);
    console.log(`${row.name}: ${value.toFixed(2)}, ${met ? 'met' : 'NOT met'}`);
  }
  await recordRows(rows, names);
}
