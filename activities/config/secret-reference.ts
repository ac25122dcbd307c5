import { z } from 'zod';

/** Where a secret is, never the secret itself. For every schema of the configuration that needs one. */
export const secretReference = z
  .union([
    z.strictObject({
      env: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
        .describe('The environment variable that holds the secret'),
    }),
    z.strictObject({
      file: z.string().min(1).describe('The file that holds the secret'),
    }),
  ])
  .describe(
    'Where the secret is: { env: NAME } or { file: path }. Secrets are never written here.',
  );
