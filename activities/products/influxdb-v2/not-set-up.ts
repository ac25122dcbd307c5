import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { InfluxClient } from './client.ts';

const answerSchema = z.object({ allowed: z.boolean() });

/**
 * A server that was only just installed rejects every token alike, and the way on is another one than for a wrong token.
 * @returns what to tell of it; the rejection itself where the server has been set up, or does not say
 */
export async function orNotSetUp(client: InfluxClient, error: unknown): Promise<unknown> {
  if (!(error instanceof HoldfastError) || error.code !== 'AUTH_REJECTED') return error;
  const operation = 'asking whether it has been set up';
  const answer = await client
    .json({ method: 'GET', path: '/api/v2/setup', operation, token: null })
    .catch(() => undefined);
  if (!answerSchema.safeParse(answer).data?.allowed) return error;
  return new HoldfastError(
    'AUTH_REJECTED',
    `${client.server} has not been set up yet, so it knows no token at all.`,
    {
      cause: error,
      hint: 'Set it up with the very token that the configuration names: `influx setup --token <token>`; a whole restore then replaces all that this made. "Onto a new server" in docs/operations.md has the steps.',
    },
  );
}
