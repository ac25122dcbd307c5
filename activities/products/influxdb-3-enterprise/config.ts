import { z } from 'zod';
import { storeSchema } from '../../config/schema.ts';
import { secretReference } from '../../config/secret-reference.ts';
import { isPlainUrl } from '../../http/plain-url.ts';

const address = z.string().refine(isPlainUrl, {
  message: 'expected an address like http://127.0.0.1:8181, without user, query or fragment',
});

/** Read, and written whole when a copy is put back: sizes of parts are of no interest. */
const [s3, directory] = storeSchema.options;
const storage = z.discriminatedUnion('type', [
  s3.omit({ partSize: true, maxParts: true, maxObjectSize: true }),
  directory.omit({ maxObjectSize: true }),
]);

/** The `connection` of a target. Secrets are references; nothing here is one. */
export const connectionSchema = z
  .strictObject({
    url: address.optional().describe('Where a node or a load balancer answers; or give `nodes`.'),
    nodes: z
      .array(address)
      .min(1)
      .optional()
      .describe(
        'Where the nodes answer: the one that compacts, which alone takes backups, and one that answers queries, for the proof.',
      ),
    token: secretReference.describe('An admin (operator) token.'),
    tokenAfterRestore: secretReference
      .optional()
      .describe('A token that the catalog of the backup knows, when `token` is younger than it.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('A file with certificates of authorities to trust beside the public ones.'),
    clusterId: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected the `--cluster-id` of the servers')
      .describe('The `--cluster-id` of the servers: the folder of their object store.'),
    clusterUuid: z
      .string()
      .min(1)
      .optional()
      .describe('The identity of the cluster, where an address could lead to another one.'),
    storage: storage.describe('The object store of the cluster, as the workers reach it.'),
    census: z
      .enum(['rows', 'none'])
      .default('rows')
      .describe(
        'Whether every table is counted, before and after a backup and after a restore: the only proof there is.',
      ),
  })
  .refine(({ url, nodes }) => (url === undefined) !== (nodes === undefined), {
    path: ['nodes'],
    message: 'expected either `url` or `nodes`',
  });

export type Connection = z.output<typeof connectionSchema>;
