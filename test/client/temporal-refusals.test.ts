import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findTool } from '../../infra/tools/find-tool.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/names.ts';
import { startGrpcProxy } from '../support/grpc-proxy.ts';
import { freshNamespace } from '../support/namespace.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { run, start } from './command.ts';

let folder: TemporaryFolder;
let server: Http2Server;
/** What the server answers to every call, as gRPC words it. */
const keys = new Set<string | undefined>();
let answer = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
let env: Record<string, string>;

beforeAll(async () => {
  folder = await temporaryFolder('refusals');
  const config = join(folder.path, 'holdfast.yaml');
  await writeFile(config, 'stores: {}\ntargets: {}\n');
  server = createServer();
  server.on('stream', (stream, { authorization }) => {
    keys.add(authorization);
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

  it('is shown the key that has taken the place of an expired one meanwhile', async () => {
    answer = unauthorised;
    const key = join(folder.path, 'key');
    await writeFile(key, 'expired');
    const config = join(folder.path, 'with-key.yaml');
    const temporal = '{ apiKey: { file: key }, tls: false }';
    await writeFile(config, `temporal: ${temporal}\nstores: {}\ntargets: {}\n`);
    const worker = start(['worker'], { env: { ...env, HOLDFAST_CONFIG: config } });
    await expect.poll(() => [...keys]).toContain('Bearer expired');
    // At once: a worker that read half of it would end.
    await writeFile(`${key}.new`, 'fresh');
    await rename(`${key}.new`, key);
    await expect.poll(() => [...keys]).toContain('Bearer fresh');
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

it('a worker that may not register the search attributes prints the command for who may, and works', async () => {
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address, { searchAttributes: false });
  await using proxy = await startGrpcProxy(address, 'AddSearchAttributes');
  const worker = start(['worker'], {
    env: { ...env, TEMPORAL_ADDRESS: proxy.address, TEMPORAL_NAMESPACE: namespace },
  });
  await expect.poll(() => worker.stderr()).toMatch(/worker on task queue holdfast/);
  worker.kill('SIGTERM');
  const { stderr } = await worker.ended;
  expect(stderr).not.toContain('registered the search attributes');
  expect(stderr).toContain('Runs work without them. The command:');
  const [, command = ''] = /^ {2}(temporal operator .*)$/m.exec(stderr) ?? [];
  expect(command).toContain(`--address ${proxy.address} --namespace ${namespace} `);
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) {
    const told = type === 'INT' ? 'Int' : 'Keyword';
    expect(command).toContain(`--name ${name} --type ${told}`);
  }
  // As it is printed, where it is allowed.
  const words = command.replace(proxy.address, address).split(' ').slice(1);
  await promisify(execFile)(await findTool('temporal'), words);
  const listed = ['operator', 'search-attribute', 'list', '--address', address];
  const { stdout } = await promisify(execFile)(await findTool('temporal'), [
    ...listed,
    '--namespace',
    namespace,
  ]);
  for (const name of Object.keys(SEARCH_ATTRIBUTES)) expect(stdout).toContain(name);
});
