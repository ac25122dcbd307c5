import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import { shortened } from '../../shortened.ts';
import type { WeaviateClient } from './client.ts';
import { inItsPlace, refusal } from './failures.ts';
import { goneIn, PlaceGone } from './place-gone.ts';

/** An object as its server tells it; only what is of interest here. */
export interface WeaviateObject {
  id: string;
  /** Milliseconds; set by the server, kept by backups, and no part of what a proof compares. */
  creationTimeUnix?: number;
  lastUpdateTimeUnix?: number;
  properties?: unknown;
  vector?: number[];
  /** Named vectors; one of several rows for each part of an object. */
  vectors?: Record<string, number[] | number[][]>;
}

/** Where objects are counted and compared: a class, or one tenant of it. */
export interface Place {
  class: string;
  tenant?: string | undefined;
}

const countSchema = z.object({
  data: z
    .object({
      Aggregate: z
        .record(
          z.string(),
          z.array(z.object({ meta: z.object({ count: z.number() }).nullish() })).nullish(),
        )
        .nullish(),
    })
    .nullish(),
  errors: z.array(z.object({ message: z.string() })).nullish(),
});

/** Not by a change: a batch makes anew what is there already. */
export function isMadeSince({ creationTimeUnix = 0 }: WeaviateObject, time: number): boolean {
  return creationTimeUnix > time;
}

/** @param time by the server's clock, as are the times of objects */
export function isWrittenSince({ lastUpdateTimeUnix = 0 }: WeaviateObject, time: number): boolean {
  return lastUpdateTimeUnix > time;
}

export function label({ class: name, tenant }: Place): string {
  return tenant === undefined ? `class ${name}` : `class ${name}, tenant ${tenant}`;
}

/**
 * Counts exactly, without reading objects.
 * @returns undefined where the server has no GraphQL
 */
export async function countObjects(
  client: WeaviateClient,
  place: Place,
): Promise<number | undefined> {
  const operation = `counting the objects of ${label(place)}`;
  const filter = place.tenant === undefined ? '' : `(tenant: ${JSON.stringify(place.tenant)})`;
  const answer = await client.jsonOr({
    method: 'POST',
    path: '/v1/graphql',
    operation,
    json: { query: `{ Aggregate { ${place.class}${filter} { meta { count } } } }` },
    accept: [404, 422],
  });
  if (!('value' in answer)) return undefined;
  const result = countSchema.safeParse(answer.value).data;
  const count = result?.data?.Aggregate?.[place.class]?.[0]?.meta?.count;
  if (count !== undefined) return count;
  const gone = goneIn((result?.errors ?? []).map(({ message }) => message).join());
  if (gone) throw new PlaceGone(gone, client.server, operation);
  const { message = 'it answers without a count' } = result?.errors?.[0] ?? {};
  if (/insufficient permissions/.test(message)) {
    throw refusal({ status: 403, message }, client.server, operation);
  }
  throw new HoldfastError(
    'TARGET_ERROR',
    `${client.server}: ${operation} failed: ${shortened(message)}.`,
  );
}

/** @returns undefined when there is no such object */
export async function readObject(
  client: WeaviateClient,
  place: Place,
  id: string,
): Promise<WeaviateObject | undefined> {
  const operation = `reading object ${id} of ${label(place)}`;
  const answer = await client.jsonOr({
    method: 'GET',
    path: `/v1/objects/${encodeURIComponent(place.class)}/${id}`,
    query: { include: 'vector', tenant: place.tenant },
    operation,
    accept: [404, 422],
  });
  if ('value' in answer) return answer.value as WeaviateObject;
  // An object that is not there is told without a word.
  if (answer.status === 404 && answer.form === 'empty') return undefined;
  if (answer.status === 404) throw inItsPlace(answer, client.server, operation);
  const gone = goneIn(answer.message);
  throw gone
    ? new PlaceGone(gone, client.server, operation)
    : refusal(answer, client.server, operation);
}
