import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { Secret } from '../../secrets.ts';
import { parseBuckets, type Bucket } from './buckets.ts';
import type { InfluxClient } from './client.ts';
import { downloadBucketList } from './metadata.ts';
import { Resources } from './resources.ts';

/** What a server says of itself once its shards have been asked for. */
export interface ServerNow {
  buckets(): Promise<Bucket[]>;
  startedAt(): Promise<number>;
  identity(): Promise<string>;
}

export function serverNow(client: InfluxClient, token: () => Promise<Secret>): ServerNow {
  return {
    buckets: async () =>
      parseBuckets(
        await downloadBucketList(client, await token()),
        `The metadata of ${client.server}`,
      ),
    startedAt: () => startedAt(client),
    identity: () => new Resources(client, token).firstUser(),
  };
}

/**
 * When the server was started, in milliseconds: only then can it fail to open a shard that it had. One that does not say
 * so may have been started a moment ago.
 */
export async function startedAt(client: InfluxClient): Promise<number> {
  const text = await readiness(client).catch((error: unknown) => {
    // A proxy that lets only the API through answers whatever it likes.
    if (error instanceof HoldfastError && !mayPass(error)) return '';
    throw error;
  });
  const answer = z.object({ started: z.iso.datetime({ offset: true }) }).safeParse(json(text));
  return answer.success ? Date.parse(answer.data.started) : Date.now();
}

async function readiness(client: InfluxClient): Promise<string> {
  const operation = 'asking when it was started';
  const response = await client.send({ method: 'GET', path: '/ready', operation, token: null });
  return response.text(64 * 1024);
}

/** Whether it is worth to ask the server once more: not where it has answered. */
export function mayPass(error: HoldfastError): boolean {
  return error.retryable && error.code !== 'TARGET_ERROR';
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
