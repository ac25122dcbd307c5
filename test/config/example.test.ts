import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchema } from '../../activities/config/json-schema.ts';
import { DORMANT } from '../../activities/config/schema.ts';
import { snapshotOf } from '../../activities/config/snapshot.ts';
import { products } from '../../activities/products/registry.ts';
import { load } from './load.ts';

const HOME = '/home/someone';
const text = readFileSync(new URL('../../infra/examples/holdfast.yaml', import.meta.url), 'utf8');
const uncommented = text
  .replace(/^(\s+)# (?=\s*[a-zA-Z]+:( |$))/gm, '$1')
  .replace('age1…', `age1${'q'.repeat(58)}`);

test('the example is valid', async () => {
  const config = await load(text, { HOME });
  expect(new Set([...config.targets.values()].map(({ product }) => product))).toEqual(
    new Set(products.map(({ name }) => name)),
  );
  expect(config.warnings).toEqual([]);
});

test('the example is valid with every line that is only a comment in it, too', async () => {
  const config = await load(uncommented, { HOME });
  expect(snapshotOf(config, 'metrics')).toMatchObject({
    taskQueue: 'near-metrics',
    encryption: { identity: { file: '/run/secrets/age-key' } },
    limits: { bytesPerSecond: 209_715_200 },
  });
});

test('the example shows every setting that this version acts on, where it belongs', () => {
  const settings = [...schemas()].flatMap(([place, schema]) =>
    settingsBelow(schema, place).map(({ path }) => path),
  );
  expect(settings.length).toBeGreaterThan(100);
  const shown = new Set(shownSettings().map(({ path }) => path));
  // Of two settings that exclude each other, one stands in the comment of the other.
  const instead = [...text.matchAll(/# .*\bor `?(\w+)[`:]/g)].map(([, name]) => name!);
  const missing = settings.filter((path) => !shown.has(path));
  expect(missing.filter((path) => !instead.includes(path.split('.').at(-1)!))).toEqual([]);
});

test('the example shows every default', () => {
  const oneLine = text.replaceAll(/\n *# /g, ' ');
  const shown = shownSettings();
  const told = ({ path, byDefault }: Setting) => {
    const name = path.split('.').at(-1);
    const value = String(byDefault).replaceAll(/\W/g, String.raw`\$&`);
    return (
      shown.some(
        (setting) => setting.path === path && isDeepStrictEqual(setting.value, byDefault),
      ) ||
      new RegExp(`\\b${name}: .*# .*default: ${value}\\b`).test(text) ||
      new RegExp(`Without a setting: [^.]*\\b${name} ${value}[,.]`).test(oneLine)
    );
  };
  const defaults = [...schemas()]
    .flatMap(([place, schema]) => settingsBelow(schema, place))
    .filter(({ byDefault }) => byDefault !== undefined && !isDeepStrictEqual(byDefault, {}));
  expect(defaults.length).toBeGreaterThan(20);
  expect(defaults.filter((setting) => !told(setting))).toEqual([]);
});

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: { if: Schema; then: Schema }[];
  items?: Schema;
  const?: string;
  default?: unknown;
}

interface Setting {
  path: string;
  byDefault: unknown;
}

/** What may stand at each place: stores differ by their type, connections by their product. */
function schemas(): Map<string, Schema> {
  const { temporal, stores, targets } = (jsonSchema() as Schema).properties!;
  const target = targets!.additionalProperties!;
  return new Map([
    ['temporal', temporal!],
    ...stores!.additionalProperties!.oneOf!.map((store): [string, Schema] => [
      `store of ${store.properties!['type']!.const}`,
      store,
    ]),
    ['target', target],
    ...target.allOf!.map((one): [string, Schema] => [
      `connection to ${one.if.properties!['product']!.const}`,
      one.then.properties!['connection']!,
    ]),
  ]);
}

/** A secret is one setting, whichever way it is given. */
const UNLISTED: readonly string[] = ['env', 'file', ...DORMANT];

function settingsBelow(schema: Schema, place: string): Setting[] {
  // A store, as it is described elsewhere.
  if (place.endsWith('.storage')) return [];
  return [
    ...Object.entries(schema.properties ?? {})
      .filter(([name]) => !UNLISTED.includes(name))
      .flatMap(([name, inner]) => {
        const path = `${place}.${name}`;
        return [{ path, byDefault: inner.default }, ...settingsBelow(inner, path)];
      }),
    ...[
      ...(schema.anyOf ?? []),
      ...(schema.oneOf ?? []),
      ...(schema.items ? [schema.items] : []),
    ].flatMap((inner) => settingsBelow(inner, place)),
  ];
}

type Values = Record<string, unknown>;

function shownSettings(): { path: string; value: unknown }[] {
  const { temporal, stores, targets } = parse(uncommented) as Record<string, Values>;
  return [
    ...valuesBelow(temporal, 'temporal'),
    ...(Object.values(stores!) as Values[]).flatMap((store) =>
      valuesBelow(store, `store of ${String(store['type'])}`),
    ),
    ...(Object.values(targets!) as Values[]).flatMap((target) => [
      ...valuesBelow(target, 'target'),
      ...valuesBelow(target['connection'], `connection to ${String(target['product'])}`),
    ]),
  ];
}

function valuesBelow(value: unknown, place: string): { path: string; value: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesBelow(item, place));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const path = `${place}.${name}`;
    return [{ path, value: inner }, ...valuesBelow(inner, path)];
  });
}
