import type { ProductContext, ProductSession } from '../../activities/products/product.ts';
import { TARGET } from './backup-run.ts';
import type { ProductServer, ProductUnderTest } from './product-under-test.ts';

/** Connects as an activity does: the settings have been through the schema of the product. */
export function connectTo(
  { product }: Pick<ProductUnderTest, 'product'>,
  connection: Record<string, unknown>,
  more: Partial<ProductContext> = {},
): ProductSession {
  return product.connect({
    target: TARGET,
    connection: product.connection.parse(connection),
    concurrency: 4,
    stallMs: 20_000,
    signal: new AbortController().signal,
    ...more,
  });
}

/** Whatever an adapter returned or threw goes into histories, stores and logs: no secret may be in it. */
export function secretsIn(server: ProductServer, things: unknown[]): string[] {
  const text = things
    .map((thing) => (thing instanceof Error ? told(thing) : JSON.stringify(thing)))
    .join('\n');
  return server.secrets.filter((secret) => text.includes(secret));
}

function told(error: Error): string {
  const cause = error.cause instanceof Error ? told(error.cause) : '';
  return `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)} ${cause}`;
}

export async function failureOf(doing: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await doing;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('It was expected to fail, and it did not.');
}
