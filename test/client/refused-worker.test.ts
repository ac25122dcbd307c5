import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { startGrpcProxy } from '../support/grpc-proxy.ts';
import { start } from './command.ts';
import { unattended, type Unattended } from './unattended.ts';

/** What the SDK takes for final at once. What an expired key or a lost namespace is answered with it bears for a minute. */
const FINAL = { 'grpc-status': '8', 'grpc-message': 'grpc: received message larger than max' };

let here: Unattended;

beforeAll(async () => {
  here = await unattended('refused-worker', { searchAttributes: false });
});
afterAll(() => here?.[Symbol.asyncDispose]());

it('a worker that Temporal gives no more work ends, for whoever starts it anew', async () => {
  const call = 'PollActivityTaskQueue';
  await using proxy = await startGrpcProxy(inject('temporalAddress'), call, FINAL);
  const env = { ...here.env, TEMPORAL_ADDRESS: proxy.address };
  const queues = ['--task-queue', 'holdfast', '--task-queue', 'near'];
  const worker = start(['worker', ...queues], { env });
  // One that does not end would outlive the test.
  onTestFinished(() => worker.kill('SIGKILL'));
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(7);
  expect(stderr).toMatch(/ERROR Worker failed: .*larger than max/);
  // That `near` has none is meant.
  expect(stderr).not.toContain('No workflows registered');
  expect(stderr).toMatch(
    /^TEMPORAL_UNREACHABLE: The worker in namespace \S+ of Temporal at \S+ has failed; its log says why\.$/m,
  );
});

it.each([
  ['asked for its namespace', 0],
  ['asked for it once more, by the SDK', 1],
])('a worker that is refused as Temporal is %s ends, too', async (_, passes) => {
  const refusal = { 'grpc-status': '7', 'grpc-message': 'Not for you' };
  const temporal = inject('temporalAddress');
  await using proxy = await startGrpcProxy(temporal, 'DescribeNamespace', refusal, passes);
  const worker = start(['worker'], { env: { ...here.env, TEMPORAL_ADDRESS: proxy.address } });
  onTestFinished(() => worker.kill('SIGKILL'));
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/^PERMISSION_MISSING: Temporal at \S+ does not allow .*: Not for you\.$/m);
});

it('a worker that may not ask which Temporal it is says what it must be allowed', async () => {
  await using proxy = await startGrpcProxy(inject('temporalAddress'), 'GetClusterInfo');
  const worker = start(['worker'], { env: { ...here.env, TEMPORAL_ADDRESS: proxy.address } });
  onTestFinished(() => worker.kill('SIGKILL'));
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/^PERMISSION_MISSING: Temporal does not allow .*: Not for you\.$/m);
  expect(stderr).toMatch(/^They must be allowed to write .* to call `GetClusterInfo` /m);
});

it('a worker works behind a gateway that does not know that question', async () => {
  const refusal = { 'grpc-status': '12', 'grpc-message': 'unknown method' };
  const temporal = inject('temporalAddress');
  await using proxy = await startGrpcProxy(temporal, 'DescribeNamespace', refusal);
  const worker = start(['worker'], { env: { ...here.env, TEMPORAL_ADDRESS: proxy.address } });
  onTestFinished(() => worker.kill('SIGKILL'));
  await expect.poll(() => worker.stderr()).toMatch(/worker on task queue holdfast/);
  worker.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
});

it('a worker that waits for Temporal takes the namespace from the same reading of temporal.toml as the address', async () => {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, ...env } = here.env;
  const path = join(here.path, 'temporal.toml');
  const put = async (at: string, name: string) => {
    await writeFile(`${path}.new`, `[profile.default]\naddress = "${at}"\nnamespace = "${name}"\n`);
    // At once, as an editor does: never half a file.
    await rename(`${path}.new`, path);
  };
  await put('127.0.0.1:1', 'mistaken');
  const worker = start(['worker'], { env: { ...env, TEMPORAL_CONFIG_FILE: path } });
  onTestFinished(() => worker.kill('SIGKILL'));
  await expect.poll(() => worker.stderr()).toMatch(/no connection to Temporal at 127\.0\.0\.1:1:/);
  await put(address ?? '', namespace ?? '');
  const told = `worker on task queue holdfast, namespace ${namespace}, at ${address}`;
  await expect.poll(() => worker.stderr()).toContain(told);
  worker.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
});
