import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import type { Store } from '../../activities/stores/store.ts';
import { checkQuick } from '../../activities/verify/check-quick.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { crc32Of } from '../simulators/s3/bucket.ts';
import { ALWAYS, type Fault } from '../simulators/s3/faults.ts';
import { PART, simulatedS3 } from './s3-simulator.ts';
import { someBytes, stream } from './sources.ts';

/** AWS itself has no `endpoint` in its settings; the SDK's own variable leads its requests to the simulator. */
let s3: Awaited<ReturnType<typeof simulatedS3>>;
beforeAll(async () => {
  s3 = await simulatedS3();
  process.env.AWS_ENDPOINT_URL_S3 = s3.simulator.url;
});
beforeEach(() => s3.simulator.reset());
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  await s3.close();
});

const FOLDER = 'metrics/2026-11-20t02-00-00z-7f3a1c/';
const { signal } = new AbortController();
const settings = () => {
  const { endpoint: _, ...aws } = s3.settings;
  return aws;
};
const services: [string, number, () => Store][] = [
  ['in one piece, on AWS', 3000, () => openStore(settings(), s3.resources)],
  ['in parts, on AWS', 6 * PART, () => openStore(settings(), s3.resources)],
  ['in one piece, on a service that checks a CRC32', 3000, () => s3.open()],
];

describe.each(services)('an object that was written %s', (_, length, opened) => {
  const bytes = someBytes(length);
  let store: Store;
  let line: ObjectLine;
  const kept = () => s3.simulator.bucket.get(`holdfast/${FOLDER}${line.path}`);
  const replaceBy = (other: Buffer) =>
    Object.assign(kept(), { body: other, crc32: crc32Of(other) });
  const findings = () => checkQuick(store, FOLDER, line, signal);

  beforeEach(async () => {
    store = opened();
    [line] = (await storeArtifact({
      store,
      folder: FOLDER,
      artifact: { path: 'x', role: 'shard', subject: 'x', format: 'bytes', key: {}, bytes: length },
      open: () => Promise.resolve({ body: stream(bytes), codec: 'identity' }),
      sealer: undefined,
      signal,
      stallMs: 10_000,
      fresh: true,
    })) as [ObjectLine];
  });

  it('is found replaced by other bytes of its length, quickly', async () => {
    expect(line.crc32).toBe(crc32(bytes).toString(16).padStart(8, '0'));
    expect(await findings()).toEqual([]);
    replaceBy(someBytes(length));
    const [found] = await findings();
    expect(found).toMatchObject({ code: 'BACKUP_DAMAGED', object: `${FOLDER}${line.path}` });
    expect(found?.message).toContain('another checksum in the store');
  });

  it('is not said to be replaced where the service tells no checksum of the whole', async () => {
    delete kept().crc32;
    expect(await findings()).toEqual([]);
    for (const [crc, checksumType] of [
      ['AAAAAA==-2', ''],
      ['AAAAAA==-2', 'COMPOSITE'],
      ['AAAAAA==', 'COMPOSITE'],
    ]) {
      Object.assign(kept(), { crc32: crc, checksumType });
      expect(await findings()).toEqual([]);
    }
    // Before there were kinds of them, only an object in one piece had one of the whole.
    Object.assign(kept(), { crc32: 'AAAAAA==', checksumType: '' });
    expect(await findings()).toHaveLength(length > PART ? 0 : 1);
  });

  it('is not said to be replaced by the line of a Holdfast that kept no checksum', async () => {
    replaceBy(someBytes(length));
    const { crc32: __, ...old } = line;
    expect(await checkQuick(store, FOLDER, old, signal)).toEqual([]);
  });

  it.each([400, 403, 501])(
    'is looked at without its checksum where that is answered by %i',
    async (status) => {
      const fault: Fault = { kind: 'refused-header', header: 'x-amz-checksum-mode', status };
      s3.simulator.plan({ on: 'HeadObject', fault, times: ALWAYS });
      replaceBy(someBytes(length));
      expect(await findings()).toEqual([]);
      s3.simulator.bucket.objects.clear();
      expect(await findings()).toMatchObject([{ code: 'OBJECT_MISSING' }]);
    },
  );
});
