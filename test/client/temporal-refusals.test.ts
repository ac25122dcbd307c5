import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { run, start } from './command.ts';

let folder: TemporaryFolder;
let server: Http2Server;
/** What the server answers to every call, as gRPC words it. */
let answer = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
let env: Record<string, string>;

beforeAll(async () => {
  folder = await temporaryFolder('refusals');
  const config = join(folder.path, 'holdfast.yaml');
  await writeFile(config, 'stores: {}\ntargets: {}\n');
  server = createServer();
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', ...answer },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  env = { HOLDFAST_CONFIG: config, TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
});
afterAll(async () => {
  server?.close();
  await folder?.remove();
});

const unauthorised = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };

describe('a Temporal that refuses the credentials', () => {
  it.each([
    [unauthorised, 'AUTH_REJECTED', /^Temporal at 127\.0\.0\.1:\d+ does not take .*: Request un/],
    [
      { 'grpc-status': '7', 'grpc-message': 'Not for you' },
      'PERMISSION_MISSING',
      /^Temporal at 127\.0\.0\.1:\d+ does not allow .*: Not for you\.$/,
    ],
  ])('is not taken for one that does not answer: %j', async (refusal, code, message) => {
    answer = refusal;
    const { result } = await run(['status', '--json'], { env });
    expect(result).toMatchObject({
      error: {
        code,
        message: expect.stringMatching(message) as string,
        hint: expect.stringContaining('`temporal`') as string,
      },
    });
  });

  it('is quoted by a worker that waits for it', async () => {
    answer = unauthorised;
    const worker = start(['worker'], { env });
    await expect
      .poll(() => worker.stderr())
      .toMatch(/no connection to Temporal at 127\.0\.0\.1:\d+: Request unauthorized; trying again/);
    worker.kill('SIGTERM');
    await worker.ended;
  });
});

describe('a namespace that Temporal does not have', () => {
  const message = expect.stringContaining('has no namespace "nosuch".') as string;
  const astray = () => ({
    ...env,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: 'nosuch',
  });

  it.each([['status'], ['schedule list'], ['worker']])('is told by %s', async (verb) => {
    const { code, result } = await run([...verb.split(' '), '--json'], { env: astray() });
    expect(result).toMatchObject({ error: { code: 'CONFIG_INVALID', message } });
    expect(code).toBe(2);
  });

  it('is a problem for the doctor', async () => {
    const { result } = await run(['doctor', '--json'], { env: astray() });
    expect(result['checks']).toContainEqual(
      expect.objectContaining({ area: 'temporal', level: 'problem', message }),
    );
  });
});
