import type { SearchAttributePair } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/names.ts';
import type { TemporalPlace } from './connect.ts';

type Name = keyof typeof SEARCH_ATTRIBUTES;

const NUMBERS = { KEYWORD: 2, INT: 3 } as const;
const NAMES = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/** The search attributes of Holdfast that the namespace lacks. */
export async function missingSearchAttributes(session: TemporalPlace): Promise<Name[]> {
  const { customAttributes } = await session.connection.operatorService.listSearchAttributes({
    namespace: session.namespace,
  });
  return names().filter((name) => customAttributes?.[name] === undefined);
}

export async function registerSearchAttributes(
  session: TemporalPlace,
  missing: Name[],
): Promise<void> {
  if (missing.length === 0) return;
  await session.connection.operatorService.addSearchAttributes({
    namespace: session.namespace,
    searchAttributes: Object.fromEntries(
      missing.map((name) => [name, NUMBERS[SEARCH_ATTRIBUTES[name]]]),
    ),
  });
}

/** For whoever may register them when we may not. */
export function registrationCommand(
  { address, namespace }: Pick<TemporalPlace, 'address' | 'namespace'>,
  missing: Name[],
): string {
  const pairs = missing.map((name) => `--name ${name} --type ${NAMES[SEARCH_ATTRIBUTES[name]]}`);
  return `temporal operator search-attribute create --address ${address} --namespace ${namespace} ${pairs.join(' ')}`;
}

export function keywords(values: Partial<Record<Name, string>>): SearchAttributePair[] {
  return Object.entries(values).map(([name, value]) => ({
    key: { name, type: 'KEYWORD' as const },
    value,
  }));
}

function names(): Name[] {
  return Object.keys(SEARCH_ATTRIBUTES) as Name[];
}
