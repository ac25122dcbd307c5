import type { upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from './contract/names.ts';

type Pair = Extract<Parameters<typeof upsertSearchAttributes>[0], readonly unknown[]>[number];

export function searchAttribute(
  name: keyof typeof SEARCH_ATTRIBUTES,
  value: string | number,
): Pair {
  return SEARCH_ATTRIBUTES[name] === 'INT'
    ? { key: { name, type: 'INT' }, value: Number(value) }
    : { key: { name, type: 'KEYWORD' }, value: String(value) };
}
