import { z } from 'zod';

export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const expectedVariable = 'expected the name of an environment variable';

/** Where a secret is, never the secret itself. For every schema of the configuration that needs one. */
export const secretReference = z
  .union([
    z.strictObject({
      env: z
        .string()
        .regex(VARIABLE, expectedVariable)
        .describe('The environment variable that holds the secret'),
    }),
    z.strictObject({
      file: z.string().min(1).describe('The file that holds the secret'),
    }),
  ])
  .describe(
    'Where the secret is: { env: NAME } or { file: path }. Secrets are never written here.',
  );
