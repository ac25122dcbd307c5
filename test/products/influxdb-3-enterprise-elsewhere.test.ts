import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { type Balancer, startBalancer } from '../simulators/influxdb-3-enterprise/balancer.ts';
import { filesBelow } from '../support/files-below.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { causeOf, HASTE } from '../workflows/world.ts';
import { enterpriseWorld, type EnterpriseWorld, linesOf } from './influxdb-3-enterprise.ts';

let world: EnterpriseWorld;
/** To which the address of the first one may lead; it knows the same token. */
let other: EnterpriseWorld;
let balancer: Balancer;
let holdfast: Holdfast;
let store: TemporaryFolder;

const TARGET = 'metrics-eu';
const objects = () => world.simulator.cluster.storage.list('cluster01/backups/');
const leadTo = ({ url }: { url: string }) => void (balancer.upstreams = [url]);

beforeAll(async () => {
  [world, other] = await Promise.all([
    enterpriseWorld(),
    enterpriseWorld({ clusterId: 'cluster02' }),
  ]);
  for (const [token, rights] of world.simulator.cluster.tokens) {
    other.simulator.cluster.tokens.set(token, rights);
  }
  world.simulator.cluster.write('telemetry', linesOf('one'));
  balancer = await startBalancer([world.url]);
  store = await temporaryFolder('store');
  const target = {
    product: 'influxdb-3-enterprise',
    connection: { ...world.connection(balancer.url), census: 'none' },
    store: 'disk',
    timeouts: { ...HASTE, job: '60s' },
  };
  const stores = { disk: { type: 'directory', path: store.path } };
  const config = { stores, targets: { [TARGET]: target } };
  holdfast = await startHoldfast({ address: inject('temporalAddress'), config });
});
beforeEach(() => {
  world.faults.release?.();
  leadTo(world);
});
afterAll(async () => {
  await holdfast?.stop();
  await store?.remove();
  await balancer?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

test('a deletion that reaches another cluster removes nothing', async () => {
  const { backup } = await holdfast.run('backup', { target: TARGET });
  await holdfast.client.workflow.getHandle(`copy/${TARGET}/${backup}`).result();
  const kept = () => readdir(join(store.path, TARGET, backup));
  const before = [await objects(), await kept(), await world.backups()];
  const input = { target: TARGET, backup, confirm: backup };
  leadTo(other);
  expect(await holdfast.run('delete', input).catch(causeOf)).toMatchObject({
    type: 'WRONG_SERVER',
    message: expect.stringContaining(other.simulator.cluster.uuid),
  });
  expect([await objects(), await kept(), await world.backups()]).toEqual(before);
  leadTo(world);
  expect(await holdfast.run('delete', input)).toMatchObject({ backup });
  expect(await objects()).toEqual([]);
});

test('a backup whose cluster is not reached any more keeps what its job writes, and says so', async () => {
  world.faults.holdJobs?.();
  const handle = await holdfast.start('backup', { target: TARGET });
  const words = async () => (await handle.query<{ product?: string }>('progress')).product;
  await expect.poll(words).toMatch(/^in_progress/);
  leadTo(other);
  const error = await handle.result().catch((caught: unknown) => caught);
  expect(causeOf(error)).toMatchObject({ type: 'WRONG_SERVER' });
  const { warnings } = await handle.query<{ warnings: { code: string }[] }>('progress');
  expect(warnings.map(({ code }) => code)).toContain('LEFTOVERS');
  const [running] = [...world.simulator.cluster.backups.values()];
  expect(running?.work).toBeDefined();
  world.faults.release?.();
  await expect.poll(() => running?.work).toBeUndefined();
  expect(await objects()).not.toEqual([]);
});

test('a job is not begun on another cluster than the preflight has seen', async () => {
  const { requests } = world.simulator.nodes[0]!;
  const asked = requests.length;
  const hasListed = () =>
    requests.slice(asked).some(({ path }) => path.startsWith('/api/v3/enterprise/backup'));
  const before = await filesBelow(store.path);
  await using turning = await startBalancer([]);
  Object.defineProperty(turning, 'upstreams', {
    get: () => [(hasListed() ? other : world).url],
  });
  leadTo(turning);
  const error = await holdfast.run('backup', { target: TARGET }).catch(causeOf);
  expect(error).toMatchObject({ type: 'WRONG_SERVER' });
  expect(await other.backups()).toEqual([]);
  expect(await filesBelow(store.path)).toEqual(before);
});
