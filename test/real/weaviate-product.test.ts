import { randomUUID } from 'node:crypto';
import type { AnswerOf } from '../products/delegated-under-test.ts';
import { describeDelegatedProduct } from '../products/delegated-conformance.ts';
import { weaviateUnderTest } from '../products/weaviate.ts';
import { startVersitygw } from '../support/versitygw.ts';
import { startGate } from '../support/weaviate-gate.ts';
import { startWeaviate } from '../support/weaviate.ts';
import { secret } from './adapter.ts';

/** Writing and reading the bytes of backups. */
const UPLOAD = /^(PUT|POST) .*\/chunk-/;
const DOWNLOAD = /^GET .*\/chunk-/;

const CALLS: Record<AnswerOf, RegExp> = {
  start: /^POST \/v1\/backups\/s3$/,
  cancel: /^DELETE \/v1\/backups\/s3\/[^/]+$/,
  restore: /^POST \/v1\/backups\/s3\/[^/]+\/restore$/,
  restoreCancel: /^DELETE \/v1\/backups\/s3\/[^/]+\/restore$/,
};

describeDelegatedProduct(
  'weaviate, real',
  weaviateUnderTest(async ({ apiKey }) => {
    const bucket = 'weaviate-backups';
    const s3 = await startVersitygw({ buckets: [bucket] });
    const storage = await startGate(s3.endpoint);
    const weakKey = `weak-${randomUUID()}`;
    const weaviate = await startWeaviate({
      storage: { ...s3, endpoint: storage.url, bucket },
      env: {
        AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'false',
        AUTHENTICATION_APIKEY_ENABLED: 'true',
        AUTHENTICATION_APIKEY_ALLOWED_KEYS: `${apiKey},${weakKey}`,
        AUTHENTICATION_APIKEY_USERS: 'root,nobody',
        AUTHORIZATION_RBAC_ENABLED: 'true',
        AUTHORIZATION_RBAC_ROOT_USERS: 'root',
      },
    });
    const front = await startGate(weaviate.url);
    return {
      address: { url: front.url, apiKey },
      weakKey,
      storage: {
        type: 's3',
        bucket,
        region: s3.region,
        endpoint: s3.endpoint,
        credentials: {
          accessKeyId: { env: secret(s3.accessKeyId) },
          secretAccessKey: { env: secret(s3.secretAccessKey) },
        },
      },
      faults: {
        loseAnswer: (call) => front.lose(CALLS[call], 'answer'),
        loseRequest: (call) => front.lose(CALLS[call], 'request'),
        holdJobs() {
          storage.hold(UPLOAD);
          storage.hold(DOWNLOAD);
        },
        release: () => storage.open(),
        failBackup: () => storage.refuse(UPLOAD, { status: 403, times: 1 }),
        failRestore: () => storage.refuse(DOWNLOAD, { status: 403, times: 1 }),
        unavailable: (now) => (now ? front.refuse(/./) : front.open()),
      },
      async [Symbol.asyncDispose]() {
        await front[Symbol.asyncDispose]();
        await weaviate.stop();
        await storage[Symbol.asyncDispose]();
        await s3.stop();
      },
    };
  }),
);
