import { z } from 'zod';
import { storeSchema } from '../../config/schema.ts';
import { secretReference } from '../../config/secret-reference.ts';
import { isPlainUrl } from '../../http/plain-url.ts';

const names = z.array(z.string().min(1)).min(1);

/** Written or read whole, in single calls: sizes of parts are of no interest. */
const [s3, directory] = storeSchema.options;
const storage = z.discriminatedUnion('type', [
  s3.omit({ partSize: true, maxParts: true, maxObjectSize: true }),
  directory.omit({ maxObjectSize: true }),
]);

const COMPRESSIONS = [
  'DefaultCompression',
  'BestSpeed',
  'BestCompression',
  'ZstdDefaultCompression',
  'ZstdBestSpeed',
  'ZstdBestCompression',
  'NoCompression',
] as const;

const principals = z.strictObject({
  include: names.optional().describe('Which a backup holds; without it: all.'),
  restore: z.boolean().default(false).describe('Whether a restore brings them back, all of them.'),
});

/** The `connection` of a target. Secrets are references; nothing here is one. */
export const connectionSchema = z
  .strictObject({
    url: z
      .string()
      .refine(isPlainUrl, {
        message: 'expected an address like http://127.0.0.1:8080, without user, query or fragment',
      })
      .describe(
        'Where the server answers, like http://127.0.0.1:8080; never with credentials in it.',
      ),
    apiKey: secretReference.optional(),
    oidcToken: secretReference.optional().describe('An access token, instead of an API key.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('A file with certificates of authorities to trust beside the public ones.'),
    backend: z
      .enum(['s3', 'filesystem', 'gcs', 'azure'])
      .default('s3')
      .describe('The backup module of the server, without `backup-`.'),
    storage: storage.describe(
      'The place where the server writes its backups, as the workers reach it: bucket and BACKUP_S3_PATH as prefix.',
    ),
    bucket: z
      .string()
      .min(1)
      .optional()
      .describe("Another bucket than the server's own, for the backups of this target."),
    path: z
      .string()
      .min(1)
      .optional()
      .describe("Another path in the bucket than the server's own; it replaces that one."),
    include: names.optional().describe('Only these classes; `*` and `?` from 1.36 on.'),
    exclude: names.optional().describe('All classes but these; `*` and `?` from 1.36 on.'),
    compression: z.enum(COMPRESSIONS).default('DefaultCompression'),
    cpuPercentage: z
      .int()
      .min(1)
      .max(80)
      .optional()
      .describe('How much of its processors the server may use; its default is 50.'),
    users: principals.optional(),
    roles: principals.optional(),
    incremental: z
      .strictObject({
        maxChain: z
          .int()
          .min(1)
          .max(100)
          .default(6)
          .describe('After so many incremental backups a full one is made.'),
      })
      .optional()
      .describe('Each backup rests on the last one where it can; from 1.37 on.'),
    nodeMapping: z
      .record(z.string().min(1), z.string().min(1))
      .optional()
      .describe('For restores: the name of a node in the backup, and of the node that takes over.'),
    proof: z
      .enum(['sample', 'full'])
      .default('sample')
      .describe('What a restore is compared with: counts and a sample, or every single object.'),
    deletions: z
      .enum(['fail', 'warn'])
      .default('fail')
      .describe('What a class means that shrank while it was backed up.'),
  })
  .refine((one) => one.apiKey === undefined || one.oidcToken === undefined, {
    path: ['oidcToken'],
    message: 'expected either an API key or an OIDC token, and found both',
  })
  .refine((one) => one.include === undefined || one.exclude === undefined, {
    path: ['exclude'],
    message: 'expected either `include` or `exclude`, and found both',
  })
  .refine(({ bucket, storage: at }) => !bucket || at.type !== 's3' || at.bucket === bucket, {
    path: ['bucket'],
    message: 'expected the same bucket as `storage` has',
  })
  .refine(({ path, storage: at }) => !path || at.type !== 's3' || trimmed(path) === at.prefix, {
    path: ['path'],
    message: 'expected the same path as `storage` has as its prefix',
  });

export type Connection = z.output<typeof connectionSchema>;

/** Every class, and every user and role; whether a restore brings those back stays as it is. */
export function unfiltered(connection: Record<string, unknown>): Record<string, unknown> {
  const { include: _in, exclude: _ex, users, roles, ...rest } = connectionSchema.parse(connection);
  return {
    ...rest,
    ...(users && { users: { restore: users.restore } }),
    ...(roles && { roles: { restore: roles.restore } }),
  };
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
