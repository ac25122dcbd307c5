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
