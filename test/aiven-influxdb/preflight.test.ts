import dns from 'node:dns';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { download } from '../../activities/products/aiven-influxdb/download.ts';
import type { ProductSession } from '../../activities/products/product.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { startSilentHost } from '../support/silent-host.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { failureOf } from './failure-of.ts';
import { connectTo, takeBackup } from './take-backup.ts';

let aiven: AivenSimulator;
let folder: TemporaryFolder;
let session: ProductSession;
beforeEach(async () => {
  folder = await temporaryFolder('aiven');
  aiven = await startAivenSimulator({ switches: { pendingPolls: 0 } });
  session = connect();
});
afterEach(async () => {
  await session.close();
  await aiven.stop();
  await folder.remove();
});

const connect = (connection: object = {}, signal?: AbortSignal) =>
  connectTo(aiven, connection, signal);
const backUp = (of = session) => takeBackup(of, folder.path);

describe('a service in a VPC', () => {
  const HOST = 'metrics.aiven.test';
  /** Out here only the public twins have addresses. */
  beforeEach(() => {
    aiven.switches.uriHost = HOST;
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, options: object, done: Found) =>
      name.startsWith('public-')
        ? done(null, [{ address: '127.0.0.1', family: 4 }])
        : done(Object.assign(new Error(name), { code: 'ENOTFOUND' }), [])) as never);
  });
  afterEach(() => void vi.restoreAllMocks());
  type Found = (error: Error | null, addresses: dns.LookupAddress[]) => void;

  const hosts = () =>
    aiven.requests.flatMap(({ host, headers }) =>
      host === 'download' ? [headers['host']?.toString().replace(/:.*/, '')] : [],
    );

  it.each([
    ['connection_info', HOST, 'dynamic'],
    ['components', HOST, 'dynamic'],
    ['components', HOST, 'vpc'],
    // What is public already has no further twin.
    ['connection_info', `public-${HOST}`, 'dynamic'],
  ] as const)(
    'is reached at its public twin when %s tells %s (routes: %s)',
    async (uriPlace, uriHost, routes) => {
      Object.assign(aiven.switches, { uriPlace, uriHost, routes });
      await using other = disposable(connect({ access: 'public' }));
      expect((await backUp(other)).lines).toHaveLength(11);
      expect(hosts()).toEqual([`public-${HOST}`]);
    },
  );

  it.each(['connection_info', 'components'] as const)(
    'is asked at the private address that %s tells unless it is said to be public',
    async (uriPlace) => {
      Object.assign(aiven.switches, { uriPlace, routes: 'vpc' });
      const failure = await failureOf(backUp());
      expect(failure.code).toBe('HOST_UNKNOWN');
      expect(failure.message).toContain(`download host ${HOST})`);
      expect(hosts()).toEqual([]);
    },
  );
});

describe('the preflight of Aiven for InfluxDB', () => {
  it('tells version and identity', async () => {
    expect(await session.preflight('backup')).toEqual({
      version: '1.8',
      identity: 'acme-prod/metrics',
      warnings: [],
    });
  });

  it.each([
    [{ unauthorized: true }, 'AUTH_REJECTED', 'does not know the token'],
    [{ forbidden: true }, 'PERMISSION_MISSING', 'may not do this'],
    [{ serviceGone: true }, 'TARGET_REFUSED', 'there is no such service'],
    [{ serviceType: 'pg' }, 'WRONG_SERVER', 'of the type pg'],
    [{ state: 'POWEROFF' }, 'TARGET_REFUSED', 'powered off'],
    [{ state: 'REBUILDING' }, 'TARGET_BUSY', 'REBUILDING'],
    [{ uriPlace: 'nowhere' }, 'CONFIG_INVALID', 'does not tell where'],
    [{ badGateway: true }, 'TARGET_BUSY', 'HTTP 502'],
    [{ plainErrors: true, internalError: true }, 'TARGET_ERROR', 'Internal Server Error'],
    [{ connectionLost: true }, 'TARGET_UNREACHABLE', 'connection'],
    [{ silent: true }, 'SOURCE_STALLED', 'stalled'],
  ] as const)('names what is wrong: %j', async (switches, code, words) => {
    Object.assign(aiven.switches, switches);
    const failure = await failureOf(session.preflight('backup'));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
    expect(failure.message).not.toContain(aiven.account.token);
    expect(failure.message).not.toContain(aiven.account.password);
  });

  it.each([
    [{ project: 'other' }, 'PERMISSION_MISSING', 'project other'],
    [{ service: 'other' }, 'TARGET_REFUSED', 'there is no such service'],
    [{ service: 'me trics/../x?y#z' }, 'TARGET_REFUSED', 'there is no such service'],
  ])('names what is not there: %j', async (connection, code, words) => {
    await using other = disposable(connect(connection));
    const failure = await failureOf(other.preflight('backup'));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
  });

  it.each([
    ['refuses', 'refused'],
    ['says nothing', 'nothing answered'],
  ])('says where to look when the download host %s', async (how, words) => {
    await using silent = await startSilentHost();
    const url = `http://127.0.0.1:${how === 'refuses' ? 1 : silent.port}/backups`;
    const address = { url, host: '127.0.0.1', login: undefined };
    const { signal } = new AbortController();
    // Longer than the wait for a connection, as it is by default.
    const context = { target: 'metrics', connection: {}, concurrency: 1, stallMs: 60_000, signal };
    const options = { address, name: 'one', seen: false, ca: undefined, server: 'Aiven', context };
    const failure = await failureOf(download(options).next());
    expect(failure).toMatchObject({
      code: 'TARGET_UNREACHABLE',
      message: expect.stringContaining('download host 127.0.0.1'),
      hint: expect.stringContaining('ip filter'),
    });
    expect(failure.message).toContain(words);
  });

  it('names a wrong password of the download without showing it', async () => {
    aiven.switches.uriCredentials = 'wrong';
    const failure = await failureOf(backUp());
    expect(failure).toMatchObject({
      code: 'AUTH_REJECTED',
      message: expect.stringContaining('HTTP 401'),
    });
    expect(failure.message).not.toContain('wrong');
  });

  it('names a private host that nobody knows here', async () => {
    aiven.switches.uriHost = 'private-host.invalid';
    const failure = await failureOf(backUp());
    expect(failure.code).toBe('HOST_UNKNOWN');
    expect(failure.message).toContain('private-host.invalid');
  });

  it('refuses a restore, and says where to', async () => {
    expect((await failureOf(session.restore.prepare({} as never, {} as never))).message).toContain(
      'name a target of influxdb-v1',
    );
  });
});

function disposable(of: ProductSession): ProductSession & AsyncDisposable {
  return { ...of, [Symbol.asyncDispose]: () => of.close() };
}
