import { renderTable } from '../terminal/table.ts';

export interface OverviewRow {
  run: string;
  state: string;
  age: string;
  detail: string;
}

const INDENT = '  ';

/**
 * Runs as lines of at most `width` characters. An id is never cut, since somebody has to type it: what does not fit
 * beside it stands below it, and only an id that is wider by itself is left to the terminal.
 */
export function overviewLines(rows: OverviewRow[], width: number): string[] {
  const [head = '', ...heads] = renderTable(
    [{ title: 'RUN' }, { title: 'STATE' }, { title: 'AGE', align: 'right' }],
    rows.map(({ run, state, age }) => [run, state, age]),
    Number.POSITIVE_INFINITY,
  );
  const column = Math.max(head.length, ...heads.map((line) => line.length));
  if (column > width) {
    return rows.flatMap(({ run, state, age, detail }) => [
      run,
      ...wrapped([state, age, detail].filter(Boolean).join(', '), width),
    ]);
  }
  const beside = (line: string, detail: string) => `${line.padEnd(column)}${INDENT}${detail}`;
  return [
    beside(head, 'DETAIL').trimEnd().slice(0, Math.max(width, column)),
    ...rows.flatMap(({ detail }, index) => {
      const line = heads[index] ?? '';
      const whole = beside(line, detail).trimEnd();
      return whole.length <= width ? [whole] : [line, ...wrapped(detail, width)];
    }),
  ];
}

/** Indented lines, broken between words; a longer word stands on a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    const longer = last === undefined ? undefined : `${last} ${word}`;
    if (longer !== undefined && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(`${INDENT}${word}`);
  }
  return lines;
}
