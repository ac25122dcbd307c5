import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { causeOf, HASTE } from '../workflows/world.ts';
import {
  contentsOf,
  enterpriseWorld,
  type EnterpriseWorld,
  inEnvironment,
  linesOf,
} from './influxdb-3-enterprise.ts';

const nodes = () => [{ role: 'query' } as const, { role: 'compact' } as const];

let backup: string;
let tokenOfLost: string;
let lost: EnterpriseWorld;
/** Of the same cluster id on an empty store, as after a disaster. */
let rebuilt: EnterpriseWorld;
let holdfast: Holdfast;
let store: TemporaryFolder;

beforeAll(async () => {
  lost = await enterpriseWorld({ nodes: nodes() });
  rebuilt = await enterpriseWorld({ nodes: nodes() });
  store = await temporaryFolder('store');
  lost.simulator.cluster.write('telemetry', linesOf('one', 300));
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const target = (world: EnterpriseWorld) => ({
    product: 'influxdb-3-enterprise',
    connection: world.connection(),
    store: 'disk',
    encryption: { recipients, identity: inEnvironment(identity) },
    timeouts: HASTE,
  });
  const stores = { disk: { type: 'directory', path: store.path } };
  const metrics = target(lost);
  tokenOfLost = (metrics.connection['token'] as { env: string }).env;
  const targets = { metrics, rebuilt: target(rebuilt) };
  holdfast = await startHoldfast({
    address: inject('temporalAddress'),
    config: { stores, targets },
  });
});
afterAll(async () => {
  await holdfast?.stop();
  await store?.remove();
  await lost?.[Symbol.asyncDispose]();
  await rebuilt?.[Symbol.asyncDispose]();
});

const restore = () =>
  holdfast.run('restore', {
    target: 'metrics',
    backup,
    into: 'rebuilt',
    confirm: 'rebuilt',
    safetyBackup: false,
  });

test('a cluster that is lost with its store comes back in a new one, from the encrypted copy alone', async () => {
  ({ backup } = await holdfast.run('backup', { target: 'metrics' }));
  await holdfast.client.workflow.getHandle(`copy/metrics/${backup}`).result();
  const original = contentsOf(lost.simulator, 'telemetry');
  await lost[Symbol.asyncDispose]();

  const report = await restore();
  expect(report).toMatchObject({ restored: ['telemetry'], proof: { identical: 2, equivalent: 0 } });
  expect(contentsOf(rebuilt.simulator, 'telemetry')).toEqual(original);
  const { cluster } = rebuilt.simulator;
  expect(await cluster.storage.list(cluster.prefix(backup))).toEqual([]);
});

test('a token of the lost cluster that this host does not have is not missed', async () => {
  // The catalog that came back knows that one alone.
  delete process.env[tokenOfLost];
  const failure = await restore().catch(causeOf);
  expect(failure).toMatchObject({ type: 'AUTH_REJECTED' });
});
