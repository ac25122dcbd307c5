import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAILURES } from '../workflows/contract/failures.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const operations = read('docs/operations.md');
const SOURCES = ['activities', 'client', 'worker', 'workflows']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('contract/failures.ts'))
      .map((name) => read(join(folder, name))),
  )
  .join('\n');

describe('docs/operations.md', () => {
  test('explains every failure code as the table of codes has it, and no other', () => {
    const rows = rowsOf(operations.split('## Failures')[1]!);
    expect(rows.map(([code]) => code)).toEqual(Object.keys(FAILURES));
    for (const [code, fault, retried, meaning, hint] of rows) {
      const failure = FAILURES[code as keyof typeof FAILURES];
      expect({ code, fault, hint }).toEqual({ code, fault: failure.fault, hint: failure.hint });
      expect({ code, retried }).toEqual({
        code,
        retried: failure.retry === 'never' ? 'no' : failure.retry,
      });
      expect(meaning!.length).toBeGreaterThan(10);
    }
  });

  test('explains every warning that the code can give, and no other', () => {
    const rows = rowsOf(operations.split('## Warnings')[1]!.split('## Failures')[0]!);
    const told = rows.map(([code]) => code!);
    const given = warningCodes();
    expect(given.length).toBeGreaterThan(10);
    expect(given.filter((code) => !told.includes(code))).toEqual([]);
    expect(told.filter((code) => !SOURCES.includes(`'${code}'`))).toEqual([]);
  });
});

function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line.split(' | ').map((cell) => cell.replace(/^\| /, '').replace(/ \|$/, '').trim()),
    )
    .map(([code = '', ...rest]) => [code.replaceAll('`', ''), ...rest]);
}

/** Codes in SCREAMING_SNAKE that are no failures: `code: 'X'`, or handed to a function that warns. */
function warningCodes(): string[] {
  const codes = SOURCES.matchAll(/(?:code:|code =|warn\(|warning\()\s*'([A-Z]+_[A-Z_]+)'/g);
  return [...new Set([...codes].map(([, code]) => code!))].filter(
    (code) => !Object.hasOwn(FAILURES, code) && !/^E[A-Z]+$/.test(code),
  );
}
