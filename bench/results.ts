import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import type { Bar, Row } from './benchmark.ts';
import { judge, median } from './figures.ts';
import { describeMachine, type Machine } from './machine.ts';

/** A row with the circumstances in which it was measured. */
interface Recorded {
  row: Row;
  measured: string;
  machine: Machine;
}

const JSON_FILE = new URL('./results.json', import.meta.url);
const MARKDOWN_FILE = new URL('./RESULTS.md', import.meta.url);

/** Replaces the rows measured now; the others keep their figures and dates. */
export async function recordRows(rows: Row[], order: string[]): Promise<void> {
  const known = JSON.parse(await readFile(JSON_FILE, 'utf8').catch(() => '[]')) as Recorded[];
  const machine = await describeMachine();
  const measured = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const all = new Map(known.map((one) => [one.row.name, one]));
  for (const row of rows) all.set(row.name, { row, measured, machine });
  const recorded = order.flatMap((name) => all.get(name) ?? []);
  await writeFile(
    JSON_FILE,
    await format(JSON.stringify(recorded), { parser: 'json', printWidth: 100 }),
  );
  const style = { parser: 'markdown', printWidth: 100 } as const;
  await writeFile(MARKDOWN_FILE, await format(toMarkdown(recorded), style));
}

function toMarkdown(recorded: Recorded[]): string {
  const summary = recorded.map(({ row }) => {
    const { value, range, met } = judge(row);
    const spread = `${figure(range[0], row.bar)} to ${figure(range[1], row.bar)}`;
    return `| ${row.work} | ${row.against} | ${words(row.bar)} | **${figure(value, row.bar)}** (${spread}) | ${met ? 'yes' : '**no**'} |`;
  });
  return `# Benchmarks

Written by \`npm run bench\`. Each row compares two things within one run, in alternation (A B A B …); the result is the
ratio of the medians, and in brackets the smallest and the largest ratio of a single round. Absolute figures say more about
the machine than about Holdfast. Row by row, and what is measured how: [README.md](README.md).

| work | against | bar | measured | met |
|---|---|---|---|---|
${summary.join('\n')}

${recorded.map(section).join('\n')}`;
}

function section({ row, measured, machine }: Recorded): string {
  const series = [row.ours, row.theirs].map(({ label, unit, values }) => {
    const cells = [Math.min(...values), median(values), Math.max(...values)].map(rounded);
    return `| ${label} | ${cells.join(' | ')} | ${unit} | ${values.length} |`;
  });
  return `## ${row.name}

${row.work}, against ${row.against}.

| | minimum | median | maximum | unit | rounds |
|---|---|---|---|---|---|
${series.join('\n')}

${[...(row.conditions ?? []).map(({ text, met }) => `- ${text}: ${met ? 'met' : '**not met**'}`), ...(row.notes ?? []).map((note) => `- ${note}`)].join('\n')}

Measured ${measured} UTC. ${machine.size}. ${machine.versions}.
`;
}

function words(bar: Bar): string {
  if (bar.kind === 'times as fast, at least') return `at least ${bar.factor} times as fast`;
  if (bar.kind === 'apart, at most') return `within ${bar.difference} of each other`;
  return bar.factor < 1 ? `at most ${bar.factor} of it` : `at most ${bar.factor} times`;
}

function figure(value: number, bar: Bar): string {
  return bar.kind === 'apart, at most' ? rounded(value) : value.toFixed(2);
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
