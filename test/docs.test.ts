import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DORMANT } from '../activities/config/schema.ts';
import { FAILURES } from '../workflows/contract/failures.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const operations = read('docs/operations.md');

describe('docs/operations.md', () => {
  test('explains every failure code as the table of codes has it, and no other', () => {
    const rows = rowsOf(operations.split('## Failures')[1]!);
    expect(rows.map(([code]) => code)).toEqual(Object.keys(FAILURES));
    for (const [code, fault, retried, meaning, hint] of rows) {
      const failure = FAILURES[code as keyof typeof FAILURES];
      expect({ code, fault, hint }).toEqual({ code, fault: failure.fault, hint: failure.hint });
      expect(retried).toBe(failure.retry === 'never' ? 'no' : 'for hours');
      expect(meaning!.length).toBeGreaterThan(10);
    }
  });

  test('explains every warning that the code can give', () => {
    const told = new Set(
      rowsOf(operations.split('## Warnings')[1]!.split('## Failures')[0]!).map(([code]) => code),
    );
    const given = ['activities', 'workflows'].flatMap((folder) => warningCodes(join(root, folder)));
    expect(given.length).toBeGreaterThan(10);
    expect(given.filter((code) => !told.has(code))).toEqual([]);
  });
});

test('the example configuration shows every setting that this version acts on', () => {
  const schema = JSON.parse(read('holdfast.schema.json')) as JsonSchema;
  const example = read('infra/examples/holdfast.yaml');
  const settings = settingsOf(schema);
  expect(settings.length).toBeGreaterThan(40);
  const missing = settings.filter((name) => !new RegExp(`[\\s{]${name}:`).test(example));
  expect(missing).toEqual([]);
});

test('every link between the documents leads somewhere', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(#[^)]*)?\)/g)]
      .map(([, link]) => join(page, '..', link!))
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${page}: ${path}`),
  );
  expect(broken).toEqual([]);
});

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  [keyword: string]: unknown;
}

/** The names of all properties, wherever they stand. */
function settingsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, inner]: [string, unknown]) => {
    if (keyword !== 'properties') return settingsOf(inner);
    const named = Object.entries(inner as Record<string, unknown>).filter(
      ([name]) => name !== '$schema' && !(DORMANT as readonly string[]).includes(name),
    );
    return named.flatMap(([name, below]) => [name, ...settingsOf(below)]);
  });
}

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
function warningCodes(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const codes = files
    .filter((name) => name.endsWith('.ts') && !name.includes('contract/failures'))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(
        /(?:code:|code =|warn\(|warning\()\s*'([A-Z]+_[A-Z_]+)'/g,
      ),
    ])
    .map(([, code]) => code!);
  return [...new Set(codes)].filter(
    (code) => !Object.hasOwn(FAILURES, code) && !/^E[A-Z]+$/.test(code),
  );
}
