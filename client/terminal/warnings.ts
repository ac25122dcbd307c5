import type { Warning } from '../../workflows/contract/progress.ts';
import { plural } from './figures.ts';
import { printable } from './output.ts';

const SHOWN = 20;

export function warningLine({ code, message, subject }: Warning): string {
  return printable(`warning ${code}${subject ? ` (${subject})` : ''}: ${message}`);
}

export function warningLines(warnings: readonly Warning[]): string[] {
  const lines = warnings.slice(0, SHOWN).map(warningLine);
  const more = warnings.length - SHOWN;
  return more > 0 ? [...lines, `… and ${plural(more, 'more warning')}`] : lines;
}

/** For the last line of a run whose warnings were told as they came. */
export function withWarnings(warnings: readonly Warning[]): string {
  return warnings.length === 0 ? '' : `, with ${plural(warnings.length, 'warning')}`;
}
