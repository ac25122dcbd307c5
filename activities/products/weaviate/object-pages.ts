import { HoldfastError } from '../../failure.ts';
import type { HttpResponse } from '../../http/client.ts';
import type { WeaviateClient } from './client.ts';
import { label, type Place, type WeaviateObject } from './objects.ts';

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
 * Every object of a place with its vectors, in the order of ids, in pages. While one page is worked on, the server makes
 * the next. Holds two pages at most, however large the objects are.
 */
export async function* objectPages(
  client: WeaviateClient,
  place: Place,
): AsyncGenerator<Page, void, undefined> {
  let limit = FIRST_LIMIT;
  let next = readPage(client, place, undefined, limit);
  for (;;) {
    const page = await next;
    const last = page.objects.at(-1);
    if (!last) return;
    const wanted = Math.floor(AIM_BYTES / Math.max(1, page.bytes / page.objects.length));
    limit = Math.max(1, Math.min(wanted, page.objects.length * 4, MOST_OBJECTS));
    next = readPage(client, place, last.id, limit);
    // It may fail while nobody listens; whoever awaits it gets the failure.
    next.catch(() => undefined);
    yield page;
  }
}

/** The first objects whose id comes after one that need not exist. */
export async function readPage(
  client: WeaviateClient,
  place: Place,
  after: string | undefined,
  limit: number,
): Promise<Page> {
  const operation = `reading the objects of ${label(place)}`;
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
      operation,
    });
    const body = await readBody(response, asked === 1 ? Number.MAX_SAFE_INTEGER : MOST_BYTES);
    if (!body) continue;
    const { objects } = (client.parsed(body.toString('utf8'), operation) ?? {}) as {
      objects?: WeaviateObject[] | null;
    };
    if (Array.isArray(objects)) return { objects, bytes: body.length };
    throw new HoldfastError(
      'WRONG_SERVER',
      `${client.server}: ${operation} failed: it does not answer as Weaviate does.`,
    );
  }
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
