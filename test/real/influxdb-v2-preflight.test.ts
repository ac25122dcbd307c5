import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { connect, secret } from './adapter.ts';
import { first, startInfluxd, type InfluxServer } from './influxd.ts';

describe('the preflight against a real influxd', () => {
  let server: InfluxServer;
  beforeAll(async () => {
    server = await startInfluxd();
  });
  afterAll(() => server?.stop());

  it('accepts an operator token, and knows the server again', async () => {
    const before = await connect(server.url).preflight('backup');
    expect(before).toMatchObject({ version: '2.9.1', warnings: [] });
    await server.api('POST', '/api/v2/orgs', { name: 'more' });
    expect((await connect(server.url).preflight('restore')).identity).toBe(before.identity);
  });

  it('tells a token that is not known', async () => {
    await expect(connect(server.url, { token: 'wrong' }).preflight('backup')).rejects.toMatchObject(
      {
        code: 'AUTH_REJECTED',
      },
    );
  });

  it('tells a token of one organisation, which may do everything there, from an operator token', async () => {
    const { permissions } = first(
      (await server.api('GET', '/api/v2/authorizations')).authorizations,
    );
    const { token } = await server.api('POST', '/api/v2/authorizations', {
      orgID: server.orgID,
      permissions: permissions.map(({ action, resource }) => ({
        action,
        resource: { type: resource.type, orgID: server.orgID },
      })),
    });
    await expect(connect(server.url, { token }).preflight('backup')).rejects.toMatchObject({
      code: 'PERMISSION_MISSING',
      message: expect.stringContaining('operator token'),
    });
  });

  it('tells a secret that is not there', async () => {
    const connection = { token: { env: 'HOLDFAST_TEST_NOT_SET' } };
    await expect(connect(server.url, { connection }).preflight('backup')).rejects.toMatchObject({
      code: 'SECRET_MISSING',
    });
  });

  it('uses a rotated token at once', async () => {
    const env = secret('wrong');
    const session = connect(server.url, { connection: { token: { env } } });
    await expect(session.preflight('backup')).rejects.toMatchObject({ code: 'AUTH_REJECTED' });
    process.env[env] = 'operator-token-of-the-tests';
    expect((await session.preflight('backup')).version).toBe('2.9.1');
  });
});

describe('the preflight against something else', () => {
  const servers: Server[] = [];
  const answering = async (health: string, status = 200) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(health);
    });
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterAll(() => servers.forEach((server) => server.close()));

  const influx = (version: string, status = 'pass') =>
    JSON.stringify({ name: 'influxdb', message: 'starting', status, version });

  it.each([
    ['another program', '<html>hello</html>', 200, 'WRONG_SERVER'],
    ['a proxy without a page', 'not found', 404, 'WRONG_SERVER'],
    ['a proxy without a server behind it', 'bad gateway', 503, 'TARGET_BUSY'],
    ['a redirect', '', 302, 'WRONG_SERVER'],
    ['InfluxDB 1', influx('1.8.10'), 200, 'WRONG_SERVER'],
    ['an InfluxDB that loses buckets', influx('v2.4.0'), 200, 'VERSION_UNSUPPORTED'],
    ['an InfluxDB that is starting', influx('v2.9.1', 'fail'), 503, 'TARGET_BUSY'],
  ])('recognises %s', async (_what, health, status, code) => {
    const url = await answering(health, status);
    await expect(connect(url).preflight('backup')).rejects.toMatchObject({
      code,
      message: expect.stringContaining(url),
    });
  });

  it('names a server that does not run', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(connect(url).preflight('backup')).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
      message: expect.stringContaining(url),
    });
  });

  it('names a host that is not known', async () => {
    await expect(connect('http://nowhere.invalid:8086').preflight('backup')).rejects.toMatchObject({
      code: 'HOST_UNKNOWN',
    });
  });

  it('names a server that speaks no TLS', async () => {
    const url = (await answering(influx('v2.9.1'))).replace('http:', 'https:');
    await expect(connect(url).preflight('backup')).rejects.toMatchObject({ code: 'WRONG_SERVER' });
  });
});
