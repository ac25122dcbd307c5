import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../activities/stores/open-store.ts';
import { PART, simulatedS3 } from './s3-simulator.ts';
import { collect, someBytes, stream } from './sources.ts';

/** AWS itself has no `endpoint` in its settings; the SDK's own variable leads its requests to the simulator. */
let s3: Awaited<ReturnType<typeof simulatedS3>>;
beforeAll(async () => {
  s3 = await simulatedS3();
  process.env.AWS_ENDPOINT_URL_S3 = s3.simulator.url;
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  await s3.close();
});

it('sends AWS a CRC32 of every body, in a header, and names the parts by theirs', async () => {
  const { endpoint: _, ...settings } = s3.settings;
  const store = openStore(settings, s3.resources);
  const bytes = someBytes(5 * PART);
  await store.create('t/x', stream(bytes));
  await store.put('t/y', bytes.subarray(0, 100));
  expect((await collect(store.read('t/x'))).equals(bytes)).toBe(true);
  const sent = (operation: string) => s3.simulator.seen.filter((r) => r.operation === operation);
  expect(sent('UploadPart')).toHaveLength(5);
  for (const { headers } of [...sent('UploadPart'), ...sent('PutObject')]) {
    expect(headers['x-amz-checksum-crc32']).toBeDefined();
    expect(headers['content-encoding']).toBeUndefined();
  }
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes.subarray(0, 100)));
  expect(sent('PutObject')[0]?.headers['x-amz-checksum-crc32']).toBe(checksum.toString('base64'));
  expect(sent('CreateMultipartUpload')[0]?.headers).toMatchObject({
    'x-amz-checksum-algorithm': 'CRC32',
    'x-amz-checksum-type': 'FULL_OBJECT',
  });
  // No look whether the name is taken: AWS obeys the condition.
  expect(sent('HeadObject')).toHaveLength(1);
});
