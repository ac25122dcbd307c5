import { z } from 'zod';
import { BACKUP_ID, TARGET_NAME } from '../workflows/contract/names.ts';
import { A_MAPPING, check } from './config/config.ts';
import { HoldfastError } from './failure.ts';

/** The inputs of the workflows, as a person may have typed them into the Temporal UI. */

const target = z.string().regex(TARGET_NAME, 'expected the name of a target');
const backup = z
  .string()
  .refine(
    (id) => id === 'latest' || BACKUP_ID.test(id),
    'expected the id of a backup, or "latest"',
  );
// Without a name, it would not be plain whether everything or nothing is meant.
const names = z
  .array(z.string().min(1))
  .min(1, 'expected at least one name (leave the list out for everything)')
  .optional();

export const backupRequest = z.strictObject({
  target,
  note: z.string().max(1_000, 'expected at most 1,000 characters').optional(),
  tags: z
    .record(z.string().max(100), z.string().max(1_000))
    .refine((tags) => Object.keys(tags).length <= 20, 'expected at most 20 tags')
    .optional(),
  full: z.boolean().optional(),
});

export const restoreRequest = z.strictObject({
  target,
  backup: backup.optional(),
  into: target.optional(),
  select: z
    .strictObject({
      organisations: names,
      buckets: names,
      databases: names,
      retentionPolicies: names,
      classes: names,
    })
    .optional(),
  rename: z.record(z.string().min(1), z.string().min(1)).optional(),
  onConflict: z.enum(['fail', 'rename', 'replace']).optional(),
  confirm: z.string().optional(),
  safetyBackup: z.boolean().optional(),
  keepDeleted: z.boolean().optional(),
  dryRun: z.boolean().optional(),
});

export const verifyRequest = z.strictObject({
  target,
  backup: backup.optional(),
  depth: z.enum(['quick', 'deep']).optional(),
});

export const copyRequest = z.strictObject({
  target,
  backup: backup.optional(),
  to: z.string().optional(),
});

export const deleteRequest = z.strictObject({
  target,
  backup: z.string().regex(BACKUP_ID, 'expected the id of a backup'),
  confirm: z.string().optional(),
});

/** @throws INPUT_INVALID: one sentence with every mistake */
export function parseRequest<T>(operation: string, schema: z.ZodObject, input: unknown): T {
  const { data, problems } = check(schema, input);
  if (problems.length === 0) return data as T;
  const mistakes = problems.map(({ path, text }) =>
    path.length === 0 ? text.replace(A_MAPPING, 'one JSON object') : `${path.join('.')}: ${text}`,
  );
  throw new HoldfastError(
    'INPUT_INVALID',
    `The input of ${operation} is wrong: ${ended(mistakes.join('; '))}`,
    {
      hint: `See \`holdfast ${operation} --help\`; in the Temporal UI, give one JSON object such as {"target": "metrics"}.`,
    },
  );
}

function ended(sentence: string): string {
  return sentence.endsWith('?') ? sentence : `${sentence}.`;
}
