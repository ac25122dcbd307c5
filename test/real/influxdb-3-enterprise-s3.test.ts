import { afterAll, beforeAll, describe } from 'vitest';
import { describeDelegatedProduct } from '../products/delegated-conformance.ts';
import { enterpriseUnderTest } from '../products/influxdb-3-enterprise.ts';
import { startVersitygw, type Versitygw } from '../support/versitygw.ts';

/** The server is closed, so it is simulated here too; the object store that it writes into is a real one. */
describe('with a real S3', () => {
  let s3: Versitygw;
  let buckets = 0;
  beforeAll(async () => {
    s3 = await startVersitygw();
  });
  afterAll(() => s3.stop());

  const subject = enterpriseUnderTest();
  describeDelegatedProduct('influxdb-3-enterprise, simulated', {
    ...subject,
    async start() {
      buckets += 1;
      const bucket = `cluster-${buckets}`;
      await s3.createBucket(bucket);
      const { endpoint, region, accessKeyId, secretAccessKey } = s3;
      const storage = {
        type: 's3',
        endpoint,
        region,
        bucket,
        accessKeyId,
        secretAccessKey,
      } as const;
      return enterpriseUnderTest({ storage }).start();
    },
  });
});
