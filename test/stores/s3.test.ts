import { describeCopying } from './conformance-copying.ts';
import { describeStore } from './conformance.ts';
import { simulatedS3 } from './s3-simulator.ts';

describeStore('S3 (simulated)', async () => {
  // Part sizes beyond the limit up to which a stream is gathered without a part.
  const s3 = await simulatedS3();
  const partSize = 384 * 1024;
  s3.simulator.bucket.pageSize = 2;
  return {
    store: s3.open({ partSize }),
    manyParts: 4 * partSize,
    tellsChecksums: true,
    reopen: () => s3.open({ partSize }),
    close: () => s3.close(),
  };
});

describeCopying('S3 (simulated)', async () => {
  const wholeBytes = 512 * 1024;
  const s3 = await simulatedS3({ copy: { wholeBytes, partBytes: wholeBytes / 2 } });
  const other = await simulatedS3();
  return {
    source: s3.open({ name: 'product', prefix: 'weaviate' }),
    store: s3.open(),
    elsewhere: other.open(),
    copies: true,
    wholeBytes,
    async close() {
      await s3.close();
      await other.close();
    },
  };
});
