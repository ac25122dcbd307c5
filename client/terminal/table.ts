import { printable } from './output.ts';

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** Gives way first when the table is too wide. */
  flexible?: boolean;
}

const GAP = 2;

/** A table as lines of at most `width` characters; what does not fit is cut in the flexible columns, with an ellipsis. */
export function renderTable(columns: Column[], rows: string[][], width: number): string[] {
  const cells = rows.map((row) => row.map((cell) => printable(cell).replace(/\s/g, ' ')));
  const all = [columns.map(({ title }) => title), ...cells];
  const widths = columns.map((_, index) =>
    Math.max(...all.map((row) => (row[index] ?? '').length)),
  );
  shrink(widths, columns, width);
  return all.map((row) =>
    columns
      .map(({ align }, index) => {
        const cell = cut(row[index] ?? '', widths[index] ?? 0);
        return align === 'right'
          ? cell.padStart(widths[index] ?? 0)
          : cell.padEnd(widths[index] ?? 0);
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** From the right: what identifies a row stands left and is cut last. */
function shrink(widths: number[], columns: Column[], width: number): void {
  const excess = () => widths.reduce((sum, each) => sum + each + GAP, -GAP) - width;
  for (let index = columns.length - 1; index >= 0; index--) {
    const { flexible, title } = columns[index] ?? { title: '' };
    const wished = widths[index] ?? 0;
    if (!flexible || excess() <= 0) continue;
    widths[index] = Math.max(Math.min(wished, Math.max(8, title.length)), wished - excess());
  }
}

export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** `name  value` lines, the names padded to one width. Empty values are left out. */
export function renderPairs(pairs: [name: string, value: string | undefined][]): string[] {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${printable(value ?? '')}`);
}
