import { openStore } from '../activities/stores/open-store.ts';
import { createStoreResources } from '../activities/stores/resources.ts';
import type { Store } from '../activities/stores/store.ts';
import type { Versitygw } from '../test/support/versitygw.ts';

/** A bucket as Holdfast opens it, for what a benchmark has to prepare. */
export function openBenchStore(
  { endpoint, region, accessKeyId, secretAccessKey }: Versitygw,
  bucket: string,
): AsyncDisposable & { store: Store } {
  process.env['BENCH_ACCESS_KEY'] = accessKeyId;
  process.env['BENCH_SECRET_KEY'] = secretAccessKey;
  const resources = createStoreResources();
  const store = openStore(
    {
      name: bucket,
      type: 's3',
      bucket,
      endpoint,
      region,
      credentials: {
        accessKeyId: { env: 'BENCH_ACCESS_KEY' },
        secretAccessKey: { env: 'BENCH_SECRET_KEY' },
      },
    },
    resources,
  );
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await resources.close();
    },
  };
}
