import type { Warning } from '../../workflows/contract/progress.ts';
import { printable } from './output.ts';

const SHOWN = 20;

export function warningLines(warnings: readonly Warning[]): string[] {
  const lines = warnings
    .slice(0, SHOWN)
    .map(({ code, message, subject }) =>
      printable(`warning ${code}${subject ? ` (${subject})` : ''}: ${message}`),
    );
  const more = warnings.length - SHOWN;
  return more > 0 ? [...lines, `… and ${more} more warnings`] : lines;
}
