import { z } from 'zod';
import { secretReference } from '../../config/secret-reference.ts';
import { isPlainUrl } from '../../http/plain-url.ts';

const names = z.array(z.string().min(1)).min(1);

/** The `connection` of a target. Secrets are references; nothing here is one. */
export const connectionSchema = z.strictObject({
  url: z
    .string()
    .refine(isPlainUrl, {
      message: 'expected an address like http://127.0.0.1:8086, without user, query or fragment',
    })
    .describe(
      'Where the server answers, like http://127.0.0.1:8086; never with credentials in it.',
    ),
  token: secretReference.describe(
    'An operator token. An all-access token of one organisation is not enough.',
  ),
  tokenAfterRestore: secretReference
    .optional()
    .describe(
      'An operator token of the server as the backup knew it: a full restore replaces every token by those of the backup. Used wherever the server does not take `token`.',
    ),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('A file with certificates of authorities to trust beside the public ones.'),
  compression: z
    .enum(['none', 'speedy', 'default'])
    .default('none')
    .describe(
      'Whether the server compresses shards before it sends them. `none` is by far the fastest; the others save network and space.',
    ),
  select: z
    .strictObject({
      organisations: names.optional(),
      buckets: names.optional().describe('Names, or `organisation/bucket`.'),
    })
    .optional()
    .describe('Backs up only the data of these; metadata is always complete.'),
});

export type Connection = z.infer<typeof connectionSchema>;

/** Every bucket. */
export function unfiltered(connection: Record<string, unknown>): Record<string, unknown> {
  const { select: _, ...rest } = connectionSchema.parse(connection);
  return rest;
}
