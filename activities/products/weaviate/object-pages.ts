import { setImmediate as untilSent } from 'node:timers/promises';
import { HoldfastError } from '../../failure.ts';
import type { HttpResponse } from '../../http/client.ts';
import type { WeaviateClient } from './client.ts';
import { Database } from './database.ts';
import { readComplaint, refusal, type Complaint } from './failures.ts';
import { label, type Place, type WeaviateObject } from './objects.ts';
import { goneBy, PlaceGone } from './place-gone.ts';

/** A page is asked for by number of objects, and yet should have about so many bytes. */
const AIM_BYTES = 2 * 1024 * 1024;
/** A page beyond it is given up, and asked for again with fewer objects. */
const MOST_BYTES = 32 * 1024 * 1024;
const FIRST_LIMIT = 100;
const MOST_OBJECTS = 2_000;

interface Page {
  objects: WeaviateObject[];
  bytes: number;
}

/**
 * Every object of a place with its vectors, in the order of ids, in pages. While one page is parsed and worked on, the
 * server makes the next. Holds two pages at most, however large the objects are.
 */
export async function* objectPages(
  client: WeaviateClient,
  place: Place,
): AsyncGenerator<Page, void, undefined> {
  let limit = FIRST_LIMIT;
  let next = requestPage(client, place, undefined, limit);
  const ask = (after: string) => {
    next = requestPage(client, place, after, limit);
    // It may fail while nobody listens; whoever awaits it gets the failure.
    next.catch(() => undefined);
  };
  for (;;) {
    const body = await next;
    const guess = lastIdOf(body);
    limit = limitAfter(body.length, limit);
    if (guess !== undefined) {
      ask(guess);
      // Parsing holds everything up, also a request that is on its way to the socket.
      await untilSent();
    }
    const objects = parsePage(client, place, body);
    const last = objects.at(-1);
    if (!last) return;
    limit = limitAfter(body.length, objects.length);
    // What looked like an id of an object was something else.
    if (last.id !== guess) ask(last.id);
    yield { objects, bytes: body.length };
  }
}

/** The first objects whose id comes after one that need not exist. */
export async function readPage(
  client: WeaviateClient,
  place: Place,
  after: string | undefined,
  limit: number,
): Promise<Page> {
  const body = await requestPage(client, place, after, limit);
  return { objects: parsePage(client, place, body), bytes: body.length };
}

async function requestPage(
  client: WeaviateClient,
  place: Place,
  after: string | undefined,
  limit: number,
): Promise<Buffer> {
  for (let asked = limit; ; asked = Math.max(1, Math.floor(asked / 8))) {
    const response = await client.send({
      method: 'GET',
      path: '/v1/objects',
      query: {
        class: place.class,
        tenant: place.tenant,
        // Without `after` the server lists by another way, which ends at 10,000 objects.
        after: after ?? '',
        limit: asked,
        include: 'vector',
      },
      operation: operationOn(place),
      accept: [404, 422],
    });
    if (response.status >= 300) throw await refused(client, place, await readComplaint(response));
    const body = await readBody(response, asked === 1 ? Number.MAX_SAFE_INTEGER : MOST_BYTES);
    if (body) return body;
  }
}

async function refused(
  client: WeaviateClient,
  place: Place,
  complaint: Complaint,
): Promise<HoldfastError> {
  const { server } = client;
  const operation = operationOn(place);
  const isThere = () => new Database(client).hasClass(place.class);
  const gone = await goneBy(complaint, { server, operation, isThere });
  return gone ? new PlaceGone(gone, server, operation) : refusal(complaint, server, operation);
}

function parsePage(client: WeaviateClient, place: Place, body: Buffer): WeaviateObject[] {
  const operation = operationOn(place);
  const { objects } = (client.parsed(body.toString('utf8'), operation) ?? {}) as {
    objects?: WeaviateObject[] | null;
  };
  if (Array.isArray(objects)) return objects;
  throw new HoldfastError(
    'WRONG_SERVER',
    `${client.server}: ${operation} failed: it does not answer as Weaviate does.`,
  );
}

function operationOn(place: Place): string {
  return `reading the objects of ${label(place)}`;
}

/** As many as should make a page of the size that is aimed at, if they are like those of the last one. */
function limitAfter(bytes: number, objects: number): number {
  const wanted = Math.floor(AIM_BYTES / Math.max(1, bytes / objects));
  return Math.max(1, Math.min(wanted, objects * 4, MOST_OBJECTS));
}

const ID = '"id":"';
const ID_LENGTH = 36;

/** What is probably the id of a page's last object, long before the page is parsed. */
function lastIdOf(body: Buffer): string | undefined {
  const at = body.lastIndexOf(ID);
  if (at === -1) return undefined;
  const id = body.toString('latin1', at + ID.length, at + ID.length + ID_LENGTH);
  return /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
}

async function readBody(response: HttpResponse, most: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > most) return undefined;
  }
  return Buffer.concat(chunks);
}
