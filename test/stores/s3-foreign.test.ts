import { afterEach, beforeEach, expect, test } from 'vitest';
import { snapshotOf } from '../../activities/config/config.ts';
import { foreignStorage } from '../../activities/foreign-storage.ts';
import { createStoreResources, type StoreResources } from '../../activities/stores/resources.ts';
import type { Policy } from '../simulators/s3/policy.ts';
import { startS3Simulator, type S3Simulator } from '../simulators/s3/server.ts';
import { policiesIn, without } from '../support/policies.ts';
import { load, withTarget } from '../config/load.ts';

const KEY = 'a-key';
let s3: S3Simulator;
let resources: StoreResources;
beforeEach(() => {
  resources = createStoreResources({ retry: { tries: 2, pauseMs: 5 } });
});
afterEach(async () => {
  await resources.close();
  await s3.close();
});

const PAGES: [product: string, bucket: string, prefix: string, connection: string][] = [
  ['influxdb-3-enterprise', 'metrics-eu', '', 'token: { env: T }, clusterId: metrics-eu'],
  ['weaviate', 'weaviate-backups', 'prefix: cluster-a,', 'backend: s3'],
];

/** What doctor says of the storage of a database, as the page of the product has it. */
async function withPolicies([product, bucket, prefix, connection]: (typeof PAGES)[number]) {
  Object.assign(process.env, { TEST_FOREIGN_KEY: KEY, TEST_FOREIGN_SECRET: 's', T: 'a-token' });
  s3 = await startS3Simulator({ bucket });
  const credentials = `{ accessKeyId: { env: TEST_FOREIGN_KEY }, secretAccessKey: { env: TEST_FOREIGN_SECRET } }`;
  const storage = `{ type: s3, bucket: ${bucket}, ${prefix} region: r, endpoint: '${s3.url}', credentials: ${credentials} }`;
  const text = withTarget('', `{ url: 'http://a', ${connection}, storage: ${storage} }`);
  const snapshot = snapshotOf(await load(text.replace('influxdb-v2', product)), 'metrics');
  return async (allowed: Policy) => {
    s3.allowOnly(KEY, allowed);
    return foreignStorage(resources, AbortSignal.timeout(30_000), snapshot);
  };
}

test.each(PAGES)(
  'the policy on the page of %s lets a restore do all it will do',
  async (...page) => {
    const told = await withPolicies(page);
    const [policy] = policiesIn(`activities/products/${page[0]}/README.md`);
    expect(await told(policy!)).toEqual([]);
    expect(s3.bucket.writes.size).toBe(0);
    expect(s3.bucket.uploads.size).toBe(0);
    expect(await told(without(policy!, 's3:PutObject'))).toEqual([
      expect.stringMatching(/access denied.*cannot put anything back there/),
    ]);
    expect(await told(without(policy!, 's3:ListBucketMultipartUploads'))).toEqual([
      expect.stringMatching(/refused to list open uploads.*stay there until a rule/),
    ]);
    expect(await told(without(policy!, 's3:DeleteObject'))).toEqual([
      expect.stringMatching(/refused to remove.*What a restore put back there stays/),
    ]);
    expect(await told(without(policy!, 's3:ListMultipartUploadParts'))).toHaveLength(1);
    // Who may not list is not told what is missing.
    expect(await told(without(policy!, 's3:ListBucket'))).toHaveLength(1);
  },
);
