import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient, type HttpOptions } from '../../activities/http/client.ts';
import { makeCertificate, type Certificate } from '../support/certificate.ts';
import { ticksUntil } from '../support/ticks.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listening(server: Server | TcpServer, scheme = 'http'): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serving = (answer: RequestListener) => listening(createHttp(answer));

/** A server that speaks bytes instead of HTTP, to break the rules at will. */
const speaking = (...pieces: string[]) =>
  listening(
    createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        for (const piece of pieces) {
          if (piece === 'cut') socket.destroy();
          else if (piece !== 'hang') socket.write(piece);
        }
      });
    }),
  );

function client(url: string, options: Partial<HttpOptions> = {}): HttpClient {
  const made = new HttpClient({
    url,
    server: `Database at ${url}`,
    connections: 4,
    stallMs: 5000,
    signal: new AbortController().signal,
    ...options,
  });
  closing.push(() => made.close());
  return made;
}

const get = { method: 'GET', path: '/x', operation: 'asking' } as const;
const post = { method: 'POST', path: '/x', operation: 'telling' } as const;

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a request', () => {
  it('gives the bytes as they come, whatever their encoding', async () => {
    const zipped = gzipSync('hello');
    const url = await serving((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip', 'x-a': 'b' }).end(zipped);
    });
    const response = await client(url).request(get);
    expect([response.status, response.header('X-A')]).toEqual([200, 'b']);
    expect(await readAll(response.body)).toEqual(zipped);
  });

  it('gives every byte to a slow reader, though the server closes the connection behind them', async () => {
    const bytes = Buffer.alloc(3_000_000, 'abc');
    const url = await serving((_, response) => {
      response.writeHead(200, { connection: 'close', 'content-length': bytes.length }).end(bytes);
    });
    const asked = client(url);
    for (let round = 0; round < 5; round++) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await asked.request(get)).body) {
        chunks.push(chunk);
        await sleep(1);
      }
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    }
  });

  it('keeps the path of the address in front, and encodes what it asks for', async () => {
    const url = await serving((request, response) => response.end(request.url));
    const asked = await client(`${url}/behind/`).request({
      ...get,
      query: { a: 'b c', none: undefined },
    });
    expect(await asked.text()).toBe('/behind/x?a=b%20c');
  });

  it('leaves statuses and redirects to the caller', async () => {
    const url = await serving((_, response) => response.writeHead(302, { location: '/y' }).end());
    expect((await client(url).request(get)).status).toBe(302);
  });

  it('sends a stream, and hears an answer that comes before its end', async () => {
    const url = await serving((_, response) => response.writeHead(401).end('no'));
    const endless = async function* () {
      for (;;) {
        yield Buffer.alloc(1000);
        await sleep(10);
      }
    };
    const response = await client(url).request({ ...post, body: endless() });
    expect([response.status, await response.text()]).toEqual([401, 'no']);
  });

  it('fails with what its own source threw, and the server sees no whole request', async () => {
    let whole = false;
    let closed = false;
    const url = await serving((request, response) => {
      request.on('end', () => (whole = true)).resume();
      request.on('close', () => {
        closed = true;
        response.end();
      });
    });
    const broken = async function* () {
      yield Buffer.from('half');
      await sleep(50);
      throw new Error('the store is gone');
    };
    await expect(client(url).request({ ...post, body: broken() })).rejects.toThrow(
      'the store is gone',
    );
    await expect.poll(() => closed).toBe(true);
    expect(whole).toBe(false);
  });
});

it("a secret that no header can hold is the configuration's fault, and is not told", async () => {
  const headers = { authorization: 'Token half\nof it' };
  const sending = client(await serving((_, response) => response.end())).request({
    ...get,
    headers,
  });
  await expect(sending).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.not.stringContaining('half'),
  });
});

describe('a broken answer', () => {
  it.each([
    ['cut in mid-body', ['HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc', 'cut']],
    [
      'cut between chunks',
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n', 'cut'],
    ],
  ])('is truncated when it is %s', async (_, pieces) => {
    const response = await client(await speaking(...pieces)).request(get);
    await expect(readAll(response.body)).rejects.toMatchObject({
      code: 'SOURCE_TRUNCATED',
      message: expect.stringMatching(/^Database at .*: asking broke off/),
    });
  });

  it('is unreachable when it is cut before it begins', async () => {
    await expect(client(await speaking('cut')).request(get)).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
    });
  });

  it('is of another server when it is no HTTP', async () => {
    await expect(client(await speaking('SSH-2.0-x\r\n')).request(get)).rejects.toMatchObject({
      code: 'WRONG_SERVER',
    });
  });
});

describe('TLS', () => {
  let certificate: Certificate;
  beforeAll(async () => {
    certificate = await makeCertificate();
  });
  afterAll(() => certificate?.folder.remove());

  const secure = () =>
    listening(
      createHttps(certificate, (_, response) => response.end('secret')),
      'https',
    );

  it('refuses a certificate that nobody vouches for', async () => {
    await expect(client(await secure()).request(get)).rejects.toMatchObject({
      code: 'TLS_UNTRUSTED',
    });
  });

  it('trusts what the configuration trusts', async () => {
    const response = await client(await secure(), { ca: certificate.path }).request(get);
    expect(await response.text()).toBe('secret');
  });

  it('names a file of authorities that is not there', async () => {
    await expect(client(await secure(), { ca: '/nowhere.pem' }).request(get)).rejects.toMatchObject(
      {
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('/nowhere.pem'),
      },
    );
  });
});

describe('a stall', () => {
  const patient = { stallMs: 200 };

  it('is none while this very process stands still', async () => {
    const url = await serving((_, response) => {
      const until = performance.now() + 700;
      while (performance.now() < until);
      response.end('late');
    });
    expect(await (await client(url, patient).request(get)).text()).toBe('late');
  });

  it('before the answer ends the call', async () => {
    await expect(client(await speaking('hang'), patient).request(get)).rejects.toMatchObject({
      code: 'SOURCE_STALLED',
    });
  });

  it('before the answer is waited for as long as the call says', async () => {
    const url = await serving((_, response) => void setTimeout(() => response.end('late'), 600));
    const response = await client(url, patient).request({ ...get, patienceMs: 5000 });
    expect(await response.text()).toBe('late');
  });

  it('in the middle of the answer ends the call', async () => {
    const url = await speaking('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc', 'hang');
    const response = await client(url, patient).request(get);
    await expect(readAll(response.body)).rejects.toMatchObject({ code: 'SOURCE_STALLED' });
  });

  it('of a server that does not read ends the upload', async () => {
    const url = await listening(
      createTcp((socket) => void socket.on('error', () => undefined).pause()),
    );
    const flood = async function* () {
      for (;;) yield Buffer.alloc(1024 * 1024);
    };
    await expect(client(url, patient).request({ ...post, body: flood() })).rejects.toMatchObject({
      code: 'SOURCE_STALLED',
    });
  });

  it('of our own reading is none', async () => {
    const url = await serving((_, response) => response.end(Buffer.alloc(4 * 1024 * 1024)));
    const response = await client(url, patient).request(get);
    let bytes = 0;
    for await (const chunk of response.body) {
      if (bytes === 0) await sleep(600);
      bytes += chunk.length;
    }
    expect(bytes).toBe(4 * 1024 * 1024);
  });

  it('of our own source is none', async () => {
    const url = await serving((request, response) => {
      request.on('end', () => response.end('all')).resume();
    });
    const slow = async function* () {
      yield Buffer.from('a');
      await sleep(600);
      yield Buffer.from('b');
    };
    const response = await client(url, patient).request({ ...post, body: slow() });
    expect(await response.text()).toBe('all');
  });
});

describe('an abort', () => {
  let underWay = false;
  const nowUnderWay = () => {
    underWay = true;
  };
  const endsSoon = async (url: string, begin: (made: HttpClient) => Promise<unknown>) => {
    underWay = false;
    const stop = new AbortController();
    const reason = new Error('cancelled by a person');
    const running = begin(client(url, { signal: stop.signal })).catch((error: unknown) => error);
    await expect.poll(() => underWay).toBe(true);
    stop.abort(reason);
    // A second.
    expect(await ticksUntil(running)).toBeLessThanOrEqual(10);
    expect(await running).toBe(reason);
  };

  it('ends the wait for an answer', async () => {
    const url = await serving(nowUnderWay);
    await endsSoon(url, (made) => made.request(get));
  });

  it('ends the middle of an answer', async () => {
    const url = await speaking('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc', 'hang');
    await endsSoon(url, async (made) => {
      for await (const _ of (await made.request(get)).body) nowUnderWay();
    });
  });

  it('ends an upload that the server does not read', async () => {
    const url = await listening(
      createTcp((socket) => void socket.on('error', () => undefined).pause()),
    );
    const flood = async function* () {
      for (;;) {
        yield Buffer.alloc(1024 * 1024);
        nowUnderWay();
      }
    };
    await endsSoon(url, (made) => made.request({ ...post, body: flood() }));
  });

  it('ends an upload whose source is silent', async () => {
    const url = await serving((request) => void request.resume());
    const silent = async function* () {
      yield Buffer.from('a');
      nowUnderWay();
      await new Promise(() => undefined);
    };
    await endsSoon(url, (made) => made.request({ ...post, body: silent() }));
  });

  it('before the call lets nothing begin', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(client('http://127.0.0.1:1', { signal }).request(get)).rejects.toThrow('too late');
  });
});
