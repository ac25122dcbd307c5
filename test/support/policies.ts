import { readFileSync } from 'node:fs';
import type { Policy } from '../simulators/s3/policy.ts';

/** The policies that a page of the documents prescribes, in order. */
export function policiesIn(page: string): Policy[] {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```json\n(.*?)^```/gms)]
    .map(([, block]) => JSON.parse(block!) as Partial<Policy>)
    .filter((block): block is Policy => block.Statement !== undefined);
}

/** The same policy, but for some actions. */
export function without({ Statement }: Policy, ...actions: string[]): Policy {
  return {
    Statement: Statement.map((one) => ({
      ...one,
      Action: [one.Action].flat().filter((action) => !actions.includes(action)),
    })),
  };
}
