import { connections, isRestoreOnly } from './products.ts';
import { didYouMean } from './nearest.ts';
import { expectedVariable, VARIABLE } from './secret-reference.ts';
import type { Path, Problem } from './problem.ts';
import { at, check, oneOf } from './problems.ts';

/**
 * What the grammar alone cannot say: names that refer to other parts, each target's `connection`, URLs that carry
 * credentials. Works on the raw value, so that one wrong part does not hide the others.
 */
export function checkReferences(raw: unknown): Problem[] {
  const stores = keysOf(at(raw, ['stores']));
  return [
    ...credentialsInUrls(raw, []),
    ...misnamedVariables(raw, []),
    ...keysOf(at(raw, ['targets'])).flatMap((name) => checkTarget(raw, name, stores)),
  ];
}

function checkTarget(raw: unknown, name: string, stores: string[]): Problem[] {
  const base = ['targets', name];
  const target = at(raw, base);
  const copies = at(target, ['copies']);
  return [
    ...checkProduct(target, base),
    ...checkStore(at(target, ['store']), [...base, 'store'], stores),
    ...(Array.isArray(copies) ? copies : []).flatMap((copy, index) =>
      checkStore(copy, [...base, 'copies', index], stores),
    ),
  ];
}

function checkProduct(target: unknown, base: Path): Problem[] {
  const product = at(target, ['product']);
  const connection = at(target, ['connection']);
  if (typeof product !== 'string') return [];
  const schema = connections.get(product);
  if (!schema) {
    const known = [...connections.keys()];
    return [
      {
        path: [...base, 'product'],
        text: `expected ${oneOf(known)}, found "${product}".${didYouMean(product, known)}`,
      },
    ];
  }
  const unusable = at(target, ['schedule']) !== undefined && isRestoreOnly(product);
  return [
    ...(unusable
      ? [
          {
            path: [...base, 'schedule'],
            text: `expected no schedule, since ${product} is restored into and not backed up`,
          },
        ]
      : []),
    ...(typeof connection === 'object' && connection !== null
      ? check(schema, connection, [...base, 'connection']).problems
      : []),
  ];
}

function checkStore(store: unknown, path: Path, stores: string[]): Problem[] {
  if (typeof store !== 'string' || stores.includes(store)) return [];
  const known = stores.length === 0 ? 'there is none' : oneOf(stores);
  return [
    {
      path,
      text: `expected the name of a store (${known}), found "${store}".${didYouMean(store, stores)}`,
    },
  ];
}

function credentialsInUrls(value: unknown, path: Path): Problem[] {
  if (typeof value === 'string') {
    return /^[a-z][a-z0-9+.-]*:\/\/[^/\s?#]*@/i.test(value)
      ? [
          {
            path,
            text: 'expected a URL without a user name or password, found one that holds them (not shown here)',
          },
        ]
      : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => credentialsInUrls(inner, [...path, key]));
}

/** `{ env: … }` with something that no variable can be called: perhaps the secret itself. */
function misnamedVariables(value: unknown, path: Path): Problem[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value) as [string, unknown][];
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === 'env' && typeof only[1] === 'string') {
    if (VARIABLE.test(only[1])) return [];
    const text = `${expectedVariable}, found a text that is not shown here`;
    return [{ path: [...path, 'env'], text }];
  }
  return entries.flatMap(([key, inner]) => misnamedVariables(inner, [...path, key]));
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}
