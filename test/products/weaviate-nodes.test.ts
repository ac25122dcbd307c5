import { describe, expect, test } from 'vitest';
import { directoryStorage } from '../simulators/weaviate/index.ts';
import { previousOf, weaviateStage } from './weaviate-stage.ts';

describe('an incremental backup of an old Weaviate whose last one holds nothing of a node', () => {
  /** Its class has one tenant, which lies on node1; the first node of those named leads. */
  async function cluster(nodes: string[], folder?: string) {
    const elsewhere = folder === undefined ? {} : { storage: directoryStorage(folder, 's3') };
    const old = await weaviateStage({ nodes, version: '1.37.11', ...elsewhere });
    const tenants = nodes.map((node) => ({ name: `of-${node}` }));
    const definition = { class: 'Note', multiTenancyConfig: { enabled: true } };
    await old.ask('POST', '/schema', { ...definition, vectorizer: 'none' });
    await old.ask('POST', '/schema/Note/tenants', tenants);
    const others = nodes.filter((node) => node !== 'node1').map((node) => `of-${node}`);
    await old.ask('DELETE', '/schema/Note/tenants', others);
    const id = '00000000-0000-4000-8000-000000000001';
    await old.write([{ class: 'Note', id, tenant: 'of-node1', properties: { text: 'one' } }]);
    const take = async (last?: Awaited<ReturnType<typeof old.take>>) => {
      const storage = { type: 'directory', path: folder ?? old.folder };
      const previous = last && { previous: previousOf(last) };
      return old.take(old.open({ connection: { ...connection, storage }, ...previous }));
    };
    return { ...old, take, [Symbol.asyncDispose]: () => old[Symbol.asyncDispose]() };
  }
  const connection = { incremental: { maxChain: 2 } };
  const saysFull = [
    {
      code: 'FULL_INSTEAD_OF_INCREMENTAL',
      message: expect.stringContaining('nothing of the nodes node2;') as string,
    },
  ];

  test('is none for that, as long as the node takes no part', async () => {
    await using two = await cluster(['node1', 'node2']);
    const first = await two.take();
    expect(first.inventory.detail).toMatchObject({ nodes: ['node1'] });
    const second = await two.take(first);
    expect(second.inventory.bases).toEqual([first.name]);
    expect(second.inventory.warnings).toEqual([]);
  });

  test('is a full one once the node has a shard, or may have one of a tenant that sleeps', async () => {
    await using two = await cluster(['node1', 'node2']);
    const first = await two.take();
    const tenants = (status: string) => [{ name: 'more', activityStatus: status }];
    await two.ask('POST', '/schema/Note/tenants', [{ name: 'third' }, { name: 'more' }]);
    await two.ask('DELETE', '/schema/Note/tenants', ['third']);
    expect(two.simulator.cluster.collection('Note')?.shards.get('more')?.node).toBe('node2');
    const second = await two.take(first);
    expect(second.inventory.bases).toEqual([]);
    expect(second.inventory.warnings).toEqual(saysFull);
    await two.ask('PUT', '/schema/Note/tenants', tenants('INACTIVE'));
    expect((await two.take(first)).inventory.bases).toEqual([]);
  });

  test('is a full one where the node leads, or nobody says which one does', async () => {
    await using two = await cluster(['node1', 'node2']);
    const first = await two.take();
    await using led = await cluster(['node2', 'node1'], two.folder);
    const second = await led.take(first);
    expect(second.inventory.bases).toEqual([]);
    expect(second.inventory.warnings).toEqual(saysFull);
    two.switches.internalError = { at: ['statistics'] };
    const third = await two.take(first);
    expect(third.inventory.bases).toEqual([]);
    expect(third.inventory.warnings).toEqual([
      { ...saysFull[0], message: expect.stringContaining('`read_cluster`') as string },
    ]);
  });
});
