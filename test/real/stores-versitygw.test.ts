import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { describeCopying } from '../stores/conformance-copying.ts';
import { describeStore } from '../stores/conformance.ts';
import { startVersitygw } from '../support/versitygw.ts';

describeStore('S3 (versitygw)', async () => {
  const gateway = await startVersitygw({ buckets: ['backups'] });
  process.env.HOLDFAST_TEST_GATEWAY_KEY = gateway.accessKeyId;
  process.env.HOLDFAST_TEST_GATEWAY_SECRET = gateway.secretAccessKey;
  const resources = createStoreResources();
  const partSize = 5 * 1024 * 1024;
  const reopen = () =>
    openStore(
      {
        name: 'main',
        type: 's3',
        bucket: 'backups',
        prefix: 'holdfast/tests',
        endpoint: gateway.endpoint,
        region: gateway.region,
        credentials: {
          accessKeyId: { env: 'HOLDFAST_TEST_GATEWAY_KEY' },
          secretAccessKey: { env: 'HOLDFAST_TEST_GATEWAY_SECRET' },
        },
        partSize,
      },
      resources,
    );
  return {
    store: reopen(),
    manyParts: 4 * partSize,
    tellsChecksums: true,
    racing: 'versitygw 1.7.0 on a file system looks for the name first and takes it afterwards',
    reopen,
    async close() {
      await resources.close();
      await gateway.stop();
    },
  };
});

describeCopying('S3 (versitygw)', async () => {
  const gateway = await startVersitygw({ buckets: ['backups', 'product'] });
  const other = await startVersitygw({ buckets: ['backups'] });
  process.env.HOLDFAST_TEST_COPY_KEY = gateway.accessKeyId;
  process.env.HOLDFAST_TEST_COPY_SECRET = gateway.secretAccessKey;
  const partBytes = 5 * 1024 * 1024;
  const resources = createStoreResources({ copy: { wholeBytes: partBytes, partBytes } });
  const open = ({ endpoint, region }: typeof gateway, bucket: string) =>
    openStore(
      {
        name: bucket,
        type: 's3',
        bucket,
        prefix: 'holdfast/tests',
        endpoint,
        region,
        credentials: {
          accessKeyId: { env: 'HOLDFAST_TEST_COPY_KEY' },
          secretAccessKey: { env: 'HOLDFAST_TEST_COPY_SECRET' },
        },
      },
      resources,
    );
  return {
    source: open(gateway, 'product'),
    store: open(gateway, 'backups'),
    elsewhere: open(other, 'backups'),
    copies: true,
    wholeBytes: partBytes,
    async close() {
      await resources.close();
      await gateway.stop();
      await other.stop();
    },
  };
});
