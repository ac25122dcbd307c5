import { z } from 'zod';
import { secretReference } from '../../config/secret-reference.ts';
import { isPlainUrl } from '../../http/plain-url.ts';

const address = z.string().refine(isPlainUrl, {
  message: 'expected an address like https://api.aiven.io, without user, query or fragment',
});

/** The `connection` of a target. Secrets are references; nothing here is one. */
export const connectionSchema = z.strictObject({
  project: z.string().min(1),
  service: z.string().min(1),
  token: secretReference.describe('A token of the API, whose user may maintain the service.'),
  apiUrl: address.default('https://api.aiven.io').describe('The control plane.'),
  access: z
    .enum(['as-told', 'public'])
    .default('as-told')
    .describe(
      'How the backup is reached: at the address that the service tells (also within a private network), or, for a service in a VPC, at its `public-` twin.',
    ),
  downloadUrl: address
    .optional()
    .describe(
      'Where backups are downloaded, when the service does not tell it, or tells it wrongly.',
    ),
  username: z
    .string()
    .min(1)
    .optional()
    .describe('For the download, in the place of the one that the service tells.'),
  password: secretReference.optional(),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('A file with certificates of authorities to trust beside the public ones.'),
});

export type Connection = z.infer<typeof connectionSchema>;

/** By which the manifest of a backup names the service. */
export function identityOf({ project, service }: Connection): string {
  return `${project}/${service}`;
}
