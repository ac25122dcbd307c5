import type { SearchAttributePair } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/names.ts';
import type { TemporalPlace } from './connect.ts';
import { isForbidden } from './refusal.ts';

type Name = keyof typeof SEARCH_ATTRIBUTES;

const NUMBERS = { KEYWORD: 2, INT: 3 } as const;
const NAMES = { KEYWORD: 'Keyword', INT: 'Int' } as const;
/** As Temporal's protocol numbers its types; its enum is not exported. */
const TYPES = ['', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList'];

/** The search attributes of Holdfast that a run cannot set in a namespace: one that did could not even be cancelled. */
export interface UnusableAttributes {
  missing: Name[];
  mistyped: { name: Name; type: string; expected: string }[];
}

export async function unusableSearchAttributes(
  session: TemporalPlace,
): Promise<UnusableAttributes> {
  const { customAttributes } = await session.connection.operatorService.listSearchAttributes({
    namespace: session.namespace,
  });
  const unusable: UnusableAttributes = { missing: [], mistyped: [] };
  for (const name of names()) {
    const type: number | undefined = customAttributes?.[name];
    const expected = SEARCH_ATTRIBUTES[name];
    if (type === undefined) unusable.missing.push(name);
    else if (type !== NUMBERS[expected]) {
      const found = TYPES[type] ?? String(type);
      unusable.mistyped.push({ name, type: found, expected: NAMES[expected] });
    }
  }
  return unusable;
}

export function areUsable({ missing, mistyped }: UnusableAttributes): boolean {
  return missing.length + mistyped.length === 0;
}

/** Whether runs can set them. Where nobody may ask, they do without: a run that set what is not there would never end. */
export async function areSearchable(place: TemporalPlace): Promise<boolean> {
  try {
    return areUsable(await unusableSearchAttributes(place));
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}

export function mistypedSentence({ mistyped }: UnusableAttributes): string {
  return mistyped
    .map(
      ({ name, type, expected }) => `${name} is of type ${type} and should be of type ${expected}`,
    )
    .join(', ');
}

/** For whoever may remove what Holdfast never does: it may be in use. */
export function removalCommand(
  { address, namespace }: Pick<TemporalPlace, 'address' | 'namespace'>,
  { mistyped }: UnusableAttributes,
): string {
  const which = mistyped.map(({ name }) => `--name ${name}`).join(' ');
  return `temporal operator search-attribute remove --address ${address} --namespace ${namespace} ${which}`;
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
