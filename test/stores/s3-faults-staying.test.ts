import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { HoldfastError } from '../../activities/failure.ts';
import { ALWAYS, type Fault } from '../simulators/s3/faults.ts';
import { makeCertificate } from '../support/certificate.ts';
import { expectFailure } from './conformance.ts';
import {
  answer,
  expectNothing,
  KEY,
  LONG,
  open,
  plan,
  s3,
  store,
  underFault,
} from './s3-under-fault.ts';
import { collect, listOf, someBytes, SOON_MS, stalled, stream } from './sources.ts';

underFault();

describe('trouble that stays', () => {
  const staying: [string, Fault, HoldfastError['code']][] = [
    ['500', answer(500, 'InternalError'), 'STORE_ERROR'],
    ['503', answer(503, 'SlowDown'), 'STORE_ERROR'],
    ['a stall', { kind: 'stall', executed: false }, 'STORE_STALLED'],
    ['cut connections', { kind: 'reset-upload', afterBytes: 0 }, 'STORE_UNREACHABLE'],
    ['denied access', answer(403, 'AccessDenied'), 'STORE_DENIED'],
    ['a clock that is wrong', answer(403, 'RequestTimeTooSkewed'), 'CLOCK_SKEWED'],
    ['a full disk', answer(507, 'InsufficientStorage'), 'STORE_FULL'],
    ['a full disk that is told as an internal error', { ...FULL() }, 'STORE_FULL'],
    ['a request that the store does not take', answer(400, 'InvalidArgument'), 'STORE_REFUSED'],
    ['a missing bucket', answer(404, 'NoSuchBucket'), 'STORE_BUCKET_MISSING'],
  ];
  function FULL(): Fault {
    const message = 'write /data/x: no space left on device';
    return { kind: 'answer', status: 500, code: 'InternalError', message };
  }

  for (const [title, fault, code] of staying) {
    for (const step of [
      'CreateMultipartUpload',
      'UploadPart',
      'CompleteMultipartUpload',
    ] as const) {
      it(`${title} at ${step} is a named failure, and leaves nothing`, async () => {
        await open();
        plan(step, fault, { times: ALWAYS, skip: step === 'UploadPart' ? 3 : 0 });
        const error = await expectFailure(store.create(KEY, stream(someBytes(LONG))), code);
        expect(error.message).toContain('Store main (s3://backups/holdfast)');
        if (code !== 'STORE_BUCKET_MISSING') expect(error.message).toContain(KEY);
        await expectNothing();
      });
    }

    it(`${title} at PutObject is a named failure, and leaves nothing`, async () => {
      await open();
      plan('PutObject', fault, { times: ALWAYS });
      await expectFailure(store.put(KEY, Buffer.from('x')), code);
      await expectNothing();
    });
  }

  it('a failed part ends the source, even one that stalls', async () => {
    await open();
    plan('UploadPart', answer(403, 'AccessDenied'), { times: ALWAYS });
    const startedAt = performance.now();
    await expectFailure(store.create(KEY, stalled(someBytes(LONG))), 'STORE_DENIED');
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
    await expectNothing();
  });

  it('a clock that is wrong is told by what cannot say so, and is no matter of credentials', async () => {
    await open();
    const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
    const skewed = { kind: 'answer', status: 403, code: '', headers } as const;
    plan('HeadObject', skewed, { times: ALWAYS });
    const error = await expectFailure(store.head(KEY), 'CLOCK_SKEWED');
    expect(error.message).toContain('its clock and that of this host differ');
    expect(error.retryable).toBe(true);
  });

  it('a condition that no writing asked for is not told as an object that is there', async () => {
    await open();
    plan('ListObjectsV2', answer(412, 'PreconditionFailed'), { times: ALWAYS });
    const error = await expectFailure(listOf(store.list('')), 'STORE_REFUSED');
    expect(error.message).toContain('it answered 412 (PreconditionFailed)');
  });

  it('a bucket that is missing is told by every call', async () => {
    await open();
    s3.simulator.dropBucket(true);
    const fresh = s3.open({ name: 'fresh' });
    await expectFailure(fresh.put(KEY, Buffer.from('x')), 'STORE_BUCKET_MISSING');
    await expectFailure(fresh.head(KEY), 'STORE_BUCKET_MISSING');
    await expectFailure(collect(fresh.read(KEY)), 'STORE_BUCKET_MISSING');
    await expectFailure(listOf(fresh.list('')), 'STORE_BUCKET_MISSING');
    const findings = await fresh.probe();
    expect(findings).toMatchObject([{ ability: 'reach', ok: false, level: 'required' }]);
    s3.simulator.dropBucket(false);
  });

  it("a key with a line break in it is the configuration's fault; one at its end is no part of it", async () => {
    await open();
    process.env.HOLDFAST_TEST_BROKEN_KEY = 'half\nof it';
    process.env.HOLDFAST_TEST_KEY_OF_ECHO = 'a-key\n';
    const withKey = (env: string) =>
      s3.open({
        name: env,
        credentials: { accessKeyId: { env }, secretAccessKey: { env: 'HOLDFAST_TEST_S3_SECRET' } },
      });
    const error = await expectFailure(
      withKey('HOLDFAST_TEST_BROKEN_KEY').head(KEY),
      'CONFIG_INVALID',
    );
    expect(error.message).not.toContain('half');
    s3.simulator.acceptKeys(['a-key']);
    await withKey('HOLDFAST_TEST_KEY_OF_ECHO').put(`${KEY}-echo`, Buffer.from('x'));
  });

  it('a store that is not there, or whose name nobody knows, is told', async () => {
    await open();
    const nowhere = s3.open({ endpoint: 'http://127.0.0.1:1' });
    const error = await expectFailure(nowhere.head(KEY), 'STORE_UNREACHABLE');
    expect(error.message).toContain('nothing listens there (ECONNREFUSED)');
    const unknown = s3.open({ endpoint: 'http://s3.invalid' });
    await expectFailure(unknown.head(KEY), 'HOST_UNKNOWN');
  });

  it('a store whose certificate nobody vouches for is told, and what to do about it', async () => {
    await open();
    const certificate = await makeCertificate();
    let asked = 0;
    const server = createServer(certificate, (_, response) => {
      asked += 1;
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const doubtful = s3.open({ endpoint: `https://127.0.0.1:${port}` });
      const error = await expectFailure(doubtful.head(KEY), 'TLS_UNTRUSTED');
      expect(error.message).toMatch(/Store main .* its certificate is not trusted \([A-Z_]+\)/);
      expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
      expect(asked).toBe(0);
    } finally {
      server.close();
      await certificate.folder.remove();
    }
  });
});
