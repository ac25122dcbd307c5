import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import { HoldfastError } from '../failure.ts';
import { type ConfigSource, findConfig, resolvePath } from './config-path.ts';
import { readDocument, type SourceDocument } from './document.ts';
import { checkOverlaps, checkProductStorages, copiesBeside } from './overlap.ts';
import type { Problem } from './problem.ts';
import { at, check } from './problems.ts';
import { connections, storageOf } from './products.ts';
import { checkReferences } from './references.ts';
import {
  configSchema,
  DORMANT,
  type ParsedTarget,
  storeSchema,
  type TemporalSettings,
} from './schema.ts';

/** `holdfast.yaml`, checked: sizes in bytes, durations in milliseconds, paths absolute, secrets as references. */
export interface Config {
  /** Absolute. */
  path: string;
  temporal: TemporalSettings;
  stores: ReadonlyMap<string, StoreSettings>;
  targets: ReadonlyMap<string, Target>;
  /** What is legal and yet not what its author may believe. */
  warnings: Warning[];
}

export type Target = ParsedTarget & { name: string };

/**
 * Reads and checks the configuration file. Secrets are not read.
 * @throws CONFIG_INVALID with every problem in its message, one per line
 */
export async function loadConfig(source: ConfigSource = {}): Promise<Config> {
  const path = findConfig(source);
  const document = readDocument(readText(path));
  const folder = dirname(path);
  const env = source.env ?? process.env;
  const absolute = (file: string) => resolvePath(file, folder, env);

  const stores = new Map(
    validStores(document.value).map((store) => [store.name, withPaths(store, absolute)]),
  );
  // An empty file has no value either, and is checked as an empty configuration.
  const unreadable = document.value === undefined && document.problems.length > 0;
  const problems = [
    ...document.problems,
    ...(unreadable ? [] : checkReferences(document.value)),
    ...checkOverlaps([...stores.values()]),
  ];
  const grammar = unreadable
    ? { data: undefined, problems: [] }
    : check(configSchema, document.value ?? {});
  problems.push(...grammar.problems);
  if (grammar.data === undefined || problems.length > 0) throw invalid(path, document, problems);

  const targets = Object.entries(grammar.data.targets).map(([name, target]) => {
    const connection = connections.get(target.product)?.parse(target.connection) ?? {};
    return [name, withPaths({ ...target, name, connection }, absolute)] as const;
  });
  const storages = targets.flatMap(([target, { product, connection, store }]) => {
    const storage = storageOf(product, connection);
    return storage ? [{ target, store, storage }] : [];
  });
  const mixed = checkProductStorages([...stores.values()], storages);
  if (mixed.length > 0) throw invalid(path, document, mixed);
  return {
    path,
    temporal: withPaths(grammar.data.temporal ?? {}, absolute),
    stores,
    targets: new Map(targets),
    warnings: [...dormantKeys(path, document), ...copiesBeside(stores, storages)],
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new HoldfastError(
      'CONFIG_INVALID',
      `The configuration file ${path} cannot be read (${reason}).`,
      { cause },
    );
  }
}

function validStores(raw: unknown): StoreSettings[] {
  const stores = at(raw, ['stores']);
  if (typeof stores !== 'object' || stores === null) return [];
  return Object.entries(stores).flatMap(([name, value]) => {
    const result = storeSchema.safeParse(value);
    return result.success ? [{ ...result.data, name }] : [];
  });
}

/** Directories and files of secrets are meant relative to the file that names them. */
function withPaths<T>(value: T, absolute: (file: string) => string): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withPaths(item, absolute)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const isDirectory = 'type' in value && value.type === 'directory';
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => {
      const isPath =
        (isDirectory && key === 'path') || (key === 'file' && isOnlyKey(value)) || key === 'ca';
      return [
        key,
        isPath && typeof inner === 'string' ? absolute(inner) : withPaths(inner, absolute),
      ];
    }),
  ) as T;
}

function isOnlyKey(value: object): boolean {
  return Object.keys(value).length === 1;
}

function invalid(path: string, document: SourceDocument, problems: Problem[]): HoldfastError {
  const seen = new Set<string>();
  const lines = problems
    .map((problem) => ({ ...problem, ...(problem.position ?? document.positionOf(problem.path)) }))
    .filter(({ path: where }) => {
      const key = where.join('.');
      return key === '' || (!seen.has(key) && seen.add(key));
    })
    .sort((one, other) => one.line - other.line || one.column - other.column)
    .map(({ line, path: where, text }) => {
      const subject = where.length === 0 ? '' : `${where.join('.')}: `;
      return `  ${basename(path)}:${line}: ${subject}${text}${/[.?]$/.test(text) ? '' : '.'}`;
    });
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  return new HoldfastError('CONFIG_INVALID', `${path} has ${count}:\n${lines.join('\n')}`);
}

function dormantKeys(path: string, document: SourceDocument): Warning[] {
  const targets = at(document.value, ['targets']) ?? {};
  return Object.keys(targets).flatMap((target) =>
    DORMANT.filter((key) => at(targets, [target, key]) !== undefined).map((key) => {
      const where = ['targets', target, key];
      return {
        code: 'CONFIG_NOT_ACTED_ON',
        subject: where.join('.'),
        message: `${basename(path)}:${document.positionOf(where).line}: ${where.join('.')}: this version of Holdfast does nothing with it.`,
      };
    }),
  );
}
