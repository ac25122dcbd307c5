import type { NodeDescriptor } from './descriptors.ts';
import type { WrittenBackup } from './written-backup.ts';

/** A class as the server wrote it, all nodes together. */
export interface WrittenClass {
  /** Undefined where the server does not say. */
  multiTenant: boolean | undefined;
  /** Of a class with tenants, each bears the name of its tenant. */
  shards: { name: string; node: string }[];
  names: ReadonlySet<string>;
  /** Before compression. */
  bytes: number;
  aliases: string[];
}

type Part = NonNullable<NodeDescriptor['classes']>[number] & { node: string };

export function writtenClasses({ classes, nodes }: WrittenBackup): Map<string, WrittenClass> {
  const parts = new Map<string, Part[]>(classes.map((name) => [name, []]));
  for (const [node, { classes: own }] of nodes) {
    for (const one of own ?? []) parts.get(one.name)?.push({ ...one, node });
  }
  return new Map([...parts].map(([name, own]) => [name, together(own)]));
}

function together(parts: Part[]): WrittenClass {
  const [definition] = parts.flatMap(({ schema }) => definitionIn(schema) ?? []);
  const shards = parts.flatMap(({ node, shards: own }) =>
    (own ?? []).map(({ name }) => ({ name, node })),
  );
  return {
    multiTenant: definition && definition.multiTenancyConfig?.enabled === true,
    shards,
    names: new Set(shards.map(({ name }) => name)),
    bytes: parts.reduce((sum, one) => sum + (one.preCompressionSizeBytes ?? 0), 0),
    aliases: [...new Set(parts.flatMap(({ aliases }) => aliasesIn(aliases)))],
  };
}

interface Definition {
  multiTenancyConfig?: { enabled?: unknown } | null;
}

function definitionIn(encoded: string | null | undefined): Definition | undefined {
  const found = encoded ? decoded(encoded) : undefined;
  return typeof found === 'object' && found !== null ? found : undefined;
}

function aliasesIn(encoded: string | null | undefined): string[] {
  const list = encoded ? decoded(encoded) : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: { alias?: unknown } | null) =>
    typeof one?.alias === 'string' ? [one.alias] : [],
  );
}

/** Go writes bytes as Base64, and these are JSON. */
export function decoded(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
