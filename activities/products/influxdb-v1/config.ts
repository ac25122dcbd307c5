import { z } from 'zod';
import { secretReference } from '../../config/secret-reference.ts';
import { isPlainUrl } from '../../http/plain-url.ts';

/** The `connection` of a target. Secrets are references; nothing here is one. */
export const connectionSchema = z.strictObject({
  url: z
    .string()
    .refine(isPlainUrl, {
      message: 'expected an address like http://127.0.0.1:8086, without user, query or fragment',
    })
    .describe('Where the server answers queries, like http://127.0.0.1:8086.'),
  snapshot: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/, {
      message: 'expected a host and a port like 127.0.0.1:8088',
    })
    .optional()
    .describe(
      'Host and port of the snapshot protocol, `bind-address` in the settings of the server; default: the host of `url` with port 8088. It knows neither passwords nor encryption.',
    ),
  username: z
    .string()
    .min(1)
    .optional()
    .describe('An administrator, where the server asks for one.'),
  password: secretReference.optional(),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('A file with certificates of authorities to trust beside the public ones.'),
});

export type Connection = z.infer<typeof connectionSchema>;

const DEFAULT_PORT = 8088;

export function snapshotAddress({ url, snapshot }: Connection): { host: string; port: number } {
  const [host, port] = snapshot
    ? [snapshot.slice(0, snapshot.lastIndexOf(':')), snapshot.slice(snapshot.lastIndexOf(':') + 1)]
    : [new URL(url).hostname, DEFAULT_PORT];
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}
