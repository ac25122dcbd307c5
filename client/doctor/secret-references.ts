import type { SecretReference } from '../../workflows/contract/snapshot.ts';

export interface FoundReference {
  /** The keys that lead to it, joined by dots. */
  path: string;
  reference: SecretReference;
}

/** Every `{ env: NAME }` and `{ file: path }`, wherever it stands. */
export function secretReferences(value: unknown, path = ''): FoundReference[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value) as [string, unknown][];
  const [only] = entries;
  if (entries.length === 1 && typeof only?.[1] === 'string') {
    if (only[0] === 'env') return [{ path, reference: { env: only[1] } }];
    if (only[0] === 'file') return [{ path, reference: { file: only[1] } }];
  }
  return entries.flatMap(([key, inner]) =>
    secretReferences(inner, path === '' ? key : `${path}.${key}`),
  );
}
