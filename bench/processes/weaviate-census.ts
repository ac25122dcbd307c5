/** What `proof: full` does with a database, by the code of the product itself and nothing around it. */
import { connectionSchema } from '../../activities/products/weaviate/config.ts';
import { WeaviateClient } from '../../activities/products/weaviate/client.ts';
import { Database } from '../../activities/products/weaviate/database.ts';
import { observe } from '../../activities/products/weaviate/observe.ts';
import { serve } from './serve.ts';

/** The default of `limits.concurrency`. */
const CONCURRENCY = 4;
const STALL_MS = 300_000;

serve({ read });

/** @returns how many objects were digested */
async function read({ url, className }: { url: string; className: string }): Promise<number> {
  const client = new WeaviateClient({
    target: 'bench',
    // The storage is never asked.
    connection: connectionSchema.parse({ url, storage: { type: 'directory', path: '/' } }),
    connections: CONCURRENCY + 2,
    stallMs: STALL_MS,
    signal: new AbortController().signal,
  });
  try {
    const database = new Database(client);
    const classes = (await database.classes()).filter(({ name }) => name === className);
    const { places } = await observe(
      { client, database, proof: 'full', concurrency: CONCURRENCY },
      classes,
    );
    return places.reduce((sum, { count = 0 }) => sum + count, 0);
  } finally {
    await client.close();
  }
}
