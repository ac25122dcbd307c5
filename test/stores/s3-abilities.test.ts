import { describe, expect, it } from 'vitest';
import { openStore } from '../../activities/stores/open-store.ts';
import { ALWAYS, type Fault } from '../simulators/s3/faults.ts';
import { expectFailure } from './conformance.ts';
import { PART, simulatedS3 } from './s3-simulator.ts';
import { answer, KEY, LONG, open, s3, store, underFault } from './s3-under-fault.ts';
import { someBytes, stream } from './sources.ts';

underFault();

describe('abilities that a store lacks', () => {
  // Each with its own bucket name in the settings' eyes: abilities are remembered for a worker's life.
  const fresh = async (run: (s3: Awaited<ReturnType<typeof simulatedS3>>) => Promise<void>) => {
    await open();
    const own = await simulatedS3();
    try {
      await run(own);
      expect(own.simulator.bucket.uploads.size).toBe(0);
    } finally {
      await own.close();
    }
  };

  it('without `x-amz-mp-object-size` the length is compared by a look afterwards', () =>
    fresh(async ({ simulator, open: openOwn }) => {
      const fault: Fault = { kind: 'refused-header', header: 'x-amz-mp-object-size' };
      simulator.plan({ on: 'CompleteMultipartUpload', fault, times: ALWAYS });
      await openOwn().create(KEY, stream(someBytes(LONG)));
      await openOwn().create(`${KEY}2`, stream(someBytes(LONG)));
      const completes = simulator.seen.filter((r) => r.operation === 'CompleteMultipartUpload');
      expect(completes).toHaveLength(3);
    }));

  it('many uploads that meet the refusals of a header at once all go without it', () =>
    fresh(async ({ simulator, open: openOwn }) => {
      const fault: Fault = { kind: 'refused-header', header: 'if-none-match' };
      simulator.plan({ on: 'CompleteMultipartUpload', fault, times: ALWAYS });
      const one = openOwn();
      const keys = Array.from({ length: 12 }, (_, at) => `${KEY}-${at}`);
      await Promise.all(keys.map((key) => one.create(key, stream(someBytes(LONG)))));
      expect([...simulator.bucket.objects.keys()]).toHaveLength(keys.length);
    }));

  for (const kind of ['refused-header', 'ignored-header'] as const) {
    it(`with an ${kind} \`if-none-match\` nothing is overwritten, and the probe says so`, () =>
      fresh(async ({ simulator, open: openOwn }) => {
        const fault: Fault = { kind, header: 'if-none-match' };
        simulator.plan({ on: ['PutObject', 'CompleteMultipartUpload'], fault, times: ALWAYS });
        const lacking = openOwn();
        await lacking.put('first', Buffer.from('first'));
        await lacking.create(KEY, stream(someBytes(LONG)));
        await expectFailure(lacking.put(KEY, Buffer.from('second')), 'OBJECT_EXISTS');
        await expectFailure(lacking.put('first', Buffer.from('second')), 'OBJECT_EXISTS');
        await expectFailure(lacking.create(KEY, stream(someBytes(LONG))), 'OBJECT_EXISTS');
        const finding = (await lacking.probe()).find(({ ability }) => ability === 'create once');
        expect(finding?.message).toContain('does not obey `If-None-Match`');
      }));
  }

  it('a store that wants signed payloads gets them', () =>
    fresh(async ({ simulator, open: openOwn }) => {
      const fault: Fault = {
        kind: 'answer',
        status: 400,
        code: 'InvalidRequest',
        message: 'UNSIGNED-PAYLOAD is not supported',
      };
      simulator.plan({ on: 'PutObject', fault });
      await openOwn().put(KEY, Buffer.from('x'));
      const [first, second] = simulator.seen.filter((r) => r.operation === 'PutObject');
      expect(first?.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
      expect(second?.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    }));

  describe('a CRC32 of what comes in one piece', () => {
    const CRC32 = 'x-amz-checksum-crc32';
    const puts = ({ simulator }: Awaited<ReturnType<typeof simulatedS3>>) =>
      simulator.seen.filter(({ operation }) => operation === 'PutObject');

    it('lets a store that checks it refuse a body that was garbled on its way, which is sent again', () =>
      fresh(async (own) => {
        const checking = own.open();
        const bytes = someBytes(1000);
        own.simulator.plan({ on: 'PutObject', fault: { kind: 'garbled-upload' } });
        await checking.put('first', bytes);
        own.simulator.plan({ on: 'PutObject', key: /later/, fault: { kind: 'garbled-upload' } });
        await checking.create('later', stream(bytes));
        for (const key of ['first', 'later']) {
          expect(own.simulator.bucket.get(`holdfast/${key}`).body.equals(bytes)).toBe(true);
        }
        expect(puts(own).filter(({ headers }) => CRC32 in headers)).toHaveLength(puts(own).length);
        const found = (await checking.probe()).find(({ ability }) => ability === 'checksums');
        expect(found).toMatchObject({ ok: true, message: expect.stringContaining('refuses') });
      }));

    it('is told only once to a store that takes no notice of it, and the probe says so', () =>
      fresh(async (own) => {
        const fault: Fault = { kind: 'ignored-header', header: CRC32 };
        own.simulator.plan({ on: 'PutObject', fault, times: ALWAYS });
        const heedless = own.open();
        await heedless.put('first', someBytes(10));
        await heedless.put('second', someBytes(10));
        await heedless.overwrite('second', someBytes(20));
        const told = puts(own).filter(({ headers }) => CRC32 in headers);
        expect(new Set(told.map(({ key }) => key))).toEqual(new Set(['holdfast/first']));
        const found = (await heedless.probe()).find(({ ability }) => ability === 'checksums');
        expect(found).toMatchObject({ ok: false, level: 'advised' });
        expect(found?.message).toContain('takes no notice of a CRC32');
      }));

    for (const [status, code] of [
      [501, 'NotImplemented'],
      [400, 'InvalidArgument'],
    ] as const) {
      it(`is left out where a store answers it with ${status}`, () =>
        fresh(async (own) => {
          own.simulator.plan({ on: 'PutObject', fault: answer(status, code) });
          const lacking = own.open();
          await lacking.put('first', someBytes(10));
          await lacking.put('second', someBytes(10));
          expect(puts(own).map(({ headers }) => CRC32 in headers)).toEqual([
            true,
            ...Array.from({ length: puts(own).length - 1 }, () => false),
          ]);
          expect(own.simulator.bucket.objects.size).toBe(2);
        }));
    }
  });

  it('a store without bulk removal is asked for one object at a time', () =>
    fresh(async ({ simulator, open: openOwn }) => {
      simulator.plan({ on: 'DeleteObjects', fault: answer(501, 'NotImplemented'), times: ALWAYS });
      const lacking = openOwn();
      const keys = Array.from({ length: 30 }, (_, i) => `t/${i}`);
      for (const key of keys) await lacking.put(key, Buffer.from('x'));
      await lacking.remove(keys);
      await lacking.remove(keys);
      expect(simulator.bucket.objects.size).toBe(0);
      expect(simulator.seen.filter((r) => r.operation === 'DeleteObjects')).toHaveLength(1);
    }));

  it('no body is ever framed', async () => {
    await open();
    await store.create(KEY, stream(someBytes(LONG)));
    await store.put(`${KEY}2`, someBytes(10));
    for (const { headers } of s3.simulator.seen) {
      expect(headers['content-encoding']).toBeUndefined();
      expect(headers['transfer-encoding']).toBeUndefined();
    }
  });
});

describe('limits', () => {
  it('an object never has more parts than the store takes, and a longer one is refused', async () => {
    await open();
    const small = s3.open({ partSize: PART, maxParts: 10 });
    expect(small.maxObjectBytes).toBe(10 * PART);
    s3.simulator.bucket.maxParts = 10;
    await small.create(KEY, stream(someBytes(10 * PART)));
    const longer = small.create(`${KEY}2`, stream(someBytes(10 * PART + 1)));
    await expectFailure(longer, 'STORE_REFUSED');
    await small.close();
    expect(() => s3.open({ partSize: PART, maxParts: 10, maxObjectSize: 11 * PART })).toThrow(
      /does not fit into 10 parts/,
    );
  });

  it('streams of unknown length fit into 1,000 parts where only those are sure', async () => {
    await open();
    const { partSize: _, ...settings } = s3.settings;
    const GiB = 1024 ** 3;
    const custom = openStore(settings, s3.resources).maxObjectBytes;
    const aws = openStore({ ...settings, endpoint: undefined }, s3.resources).maxObjectBytes;
    expect(custom).toBeGreaterThan(15 * GiB);
    expect(aws).toBeGreaterThan(500 * GiB);
  });

  it('many streams share a byte budget that is smaller than their parts together', async () => {
    await open();
    const own = await simulatedS3({ budgetBytes: 3 * PART });
    const many = own.open();
    const bytes = someBytes(12 * PART + 5);
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => many.create(`t/${i}`, stream(bytes, 10_000))),
    );
    expect(own.simulator.bucket.objects.size).toBe(12);
    for (const { body } of own.simulator.bucket.objects.values()) {
      expect(body.equals(bytes)).toBe(true);
    }
    expect(own.resources.budget.held).toBe(0);
    await own.close();
  });

  it('a stream holds as much as it is said to be long, and more when it is longer', async () => {
    await open();
    const MiB = 1024 ** 2;
    const own = await simulatedS3({ budgetBytes: 16 * MiB });
    const usual = own.open({ partSize: undefined });
    let most = 0;
    const watched = async function* (bytes: Buffer) {
      for await (const chunk of stream(bytes)) {
        most = Math.max(most, own.resources.budget.held);
        yield chunk;
      }
    };
    const hold = async (length: number, announced: number | undefined) => {
      most = 0;
      const bytes = someBytes(length);
      const key = `t/${length}-${announced}`;
      await usual.create(key, watched(bytes), { bytes: announced });
      expect(own.simulator.bucket.objects.get(`holdfast/${key}`)?.body.equals(bytes)).toBe(true);
      return most / MiB;
    };
    expect(await hold(3 * MiB, undefined)).toBe(16);
    expect(await hold(3 * MiB, 3 * MiB)).toBe(4);
    expect(await hold(3 * MiB, 1)).toBe(16);
    expect(await hold(20 * MiB, 400_000)).toBe(16);
    expect(await hold(600_000, 60 * MiB)).toBe(16);
    // Each needs all there is once it has become long: nobody may wait for it while holding some.
    await Promise.all([2, 3, 4, 5].map((megabytes) => hold(megabytes * MiB + 1, 600_000)));
    expect(own.resources.budget.held).toBe(0);
    await own.close();
  });
});
