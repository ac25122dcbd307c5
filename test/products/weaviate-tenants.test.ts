import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../activities/products/delegated.ts';
import { censusSchema, type Observation } from '../../activities/products/weaviate/census.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { startGate } from '../support/weaviate-gate.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, newName, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

const INTO = '/schema/Note/tenants';

/** Tenants north and south are active and hold objects, as is the way of the seed; others are as told. */
async function stageWith(
  tenants: Record<string, string>,
  options: Parameters<typeof weaviateStage>[0] = {},
): Promise<WeaviateStage> {
  const stage = await weaviateStage(options);
  await seedWeaviate(stage.simulator, { objects: 5 });
  const names = Object.keys(tenants).map((name) => ({ name }));
  await stage.ask('POST', INTO, names);
  for (const [name, activityStatus] of Object.entries(tenants)) {
    await stage.write([
      { class: 'Note', id: idOf(name), tenant: name, properties: { text: name } },
    ]);
    await stage.ask('PUT', INTO, [{ name, activityStatus }]);
  }
  return stage;
}

const idOf = (name: string) =>
  `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`;
const codes = (warnings: Warning[]) => warnings.map(({ code }) => code);
const census = ({ files }: Inventory) =>
  censusSchema.parse(JSON.parse(Buffer.from(files[0]?.bytes ?? []).toString('utf8')));

async function restored(stage: WeaviateStage, { backup }: Taken) {
  await stage.ask('DELETE', '/schema/Note');
  return stage.restore(await stage.plan(backup, { select: { classes: ['Note'] } }), backup);
}
type Taken = Awaited<ReturnType<WeaviateStage['take']>>;

describe('tenants that are not active', () => {
  test('are named when a backup cannot count them, and prove nothing after a restore', async () => {
    await using stage = await stageWith({ east: 'INACTIVE', west: 'OFFLOADED' });
    const taken = await stage.take();
    expect(taken.inventory.warnings).toEqual([
      {
        code: 'TENANTS_NOT_COUNTED',
        message: expect.stringMatching(/^1 tenant is not active.*: class Note, tenant east\.$/),
      },
      {
        code: 'TENANTS_OFFLOADED',
        message: expect.stringMatching(/^1 tenant is offloaded.*: class Note, tenant west\.$/),
      },
    ]);
    const { totals, warnings } = await restored(stage, taken);
    expect(totals).toMatchObject({
      artifacts: 3,
      identical: 0,
      equivalent: 2,
      failed: { count: 0 },
    });
    expect(warnings).toEqual([
      {
        code: 'TENANTS_NOT_COMPARED',
        message: expect.stringMatching(
          /^1 tenant is compared by name alone, .*: class Note, tenant east\.$/,
        ),
      },
      {
        code: 'TENANTS_LEFT_OUT',
        message: expect.stringMatching(
          /^1 tenant is not in the backup.*: class Note, tenant west\.$/,
        ),
      },
    ]);
  });

  test('are told to be missing in the backup of a server that leaves them out', async () => {
    await using stage = await stageWith({ east: 'INACTIVE' }, { version: '1.33.0' });
    const taken = await stage.take();
    expect(codes(taken.inventory.warnings)).toEqual(['TENANTS_LEFT_OUT']);
    const { totals, warnings } = await restored(stage, taken);
    expect(totals).toMatchObject({ artifacts: 2, equivalent: 2 });
    expect(codes(warnings)).toEqual(['TENANTS_LEFT_OUT']);
  });

  test('are counted all, and named as far as a sentence goes', async () => {
    const many = Array.from({ length: 30 }, (_, n) => [`t${n + 10}`, 'INACTIVE'] as const);
    await using stage = await stageWith(Object.fromEntries(many));
    const { inventory } = await stage.take();
    const [{ message } = { message: '' }] = inventory.warnings;
    expect(message).toMatch(/^30 tenants are not active.*tenant t19, … and 20 more\.$/);
  });

  test('count as not compared when they fell asleep after the backup', async () => {
    await using stage = await stageWith({});
    const { backup } = await stage.take();
    await stage.ask('DELETE', '/schema/Note');
    const plan = await stage.plan(backup, { select: { classes: ['Note'] } });
    const state = await stage.session.restore.start(plan, new Date());
    await ended(() => stage.session.restore.poll(plan, state));
    await stage.ask('PUT', INTO, [{ name: 'south', activityStatus: 'INACTIVE' }]);
    const { totals, warnings } = await stage.session.restore.prove(
      plan,
      state,
      backup,
      () => undefined,
    );
    expect(totals).toMatchObject({ artifacts: 2, equivalent: 1, failed: { count: 0 } });
    expect(warnings.map(({ message }) => message).join()).toContain('class Note, tenant south.');
  });

  test.each([
    ['fell asleep', 'sample', { north: 'INACTIVE' }, 'north'],
    ['fell asleep', 'full', { north: 'INACTIVE' }, 'north'],
    ['woke up', 'sample', { east: 'ACTIVE' }, 'east'],
    ['woke up', 'full', { east: 'ACTIVE' }, 'east'],
  ])('prove nothing when they %s beside a proof by %s', async (_, proof, change, tenant) => {
    await using stage = await stageWith({ east: 'INACTIVE' });
    const { backup } = stage.open({ connection: { proof } });
    const [name, observed] = [newName(), await backup.observe()];
    await backup.start(name, new Date());
    await ended(() => backup.poll(name));
    for (const [one, activityStatus] of Object.entries(change)) {
      await stage.ask('PUT', INTO, [{ name: one, activityStatus }]);
    }
    const inventory = await backup.inventory(name, observed);
    expect(codes(inventory.warnings)).toEqual(['TENANTS_NOT_COUNTED']);
    expect(inventory.warnings[0]?.message).toContain(`tenant ${tenant}`);
    const place = census(inventory).places.find((one) => one.tenant === tenant);
    expect(place).toEqual({ class: 'Note', tenant, sample: [] });
  });

  test('spoil no digests of the others when they woke up, however many there are then', async () => {
    await using stage = await stageWith({ east: 'INACTIVE' });
    // With the classes as many as have the most parts each.
    const others = Array.from({ length: 252 }, (_, n) => ({ name: `t${n}` }));
    await stage.ask('POST', INTO, others);
    const { backup } = stage.open({ connection: { proof: 'full' } });
    const [name, observed] = [newName(), await backup.observe()];
    await backup.start(name, new Date());
    await ended(() => backup.poll(name));
    await stage.ask('PUT', INTO, [{ name: 'east', activityStatus: 'ACTIVE' }]);
    const inventory = await backup.inventory(name, observed);
    expect(codes(inventory.warnings)).toEqual(['TENANTS_NOT_COUNTED']);
    const north = census(inventory).places.find((one) => one.tenant === 'north');
    expect(north?.parts).toHaveLength(256);
    expect(north?.parts).not.toContain(null);
  });
});

describe('a tenant of which the server wrote nothing', () => {
  async function taken(
    stage: WeaviateStage,
    changes: { before?: () => Promise<unknown>; after?: () => Promise<unknown> },
  ) {
    const { backup } = stage.session;
    const [name, observed] = [newName(), await backup.observe()];
    await changes.before?.();
    await backup.start(name, new Date());
    await ended(() => backup.poll(name));
    await changes.after?.();
    return backup.inventory(name, observed);
  }
  const make = async (stage: WeaviateStage, name: string) => {
    await stage.ask('POST', INTO, [{ name }]);
    await stage.write([{ class: 'Note', id: idOf(name), tenant: name, properties: {} }]);
  };

  test('is no part of the backup when it was made meanwhile', async () => {
    await using stage = await stageWith({});
    const inventory = await taken(stage, { after: () => make(stage, 'young') });
    expect(codes(inventory.warnings)).toEqual(['WRITTEN_DURING_BACKUP']);
    expect(inventory.warnings[0]?.message).toContain('tenant young was made');
    expect(census(inventory).places.map(({ tenant }) => tenant)).not.toContain('young');
  });

  test.each([
    ['before and after', 'ACTIVE'],
    ['after', 'INACTIVE'],
  ])('is told to be missing when it was active %s', async (_, activityStatus) => {
    await using stage = await stageWith({ east: activityStatus }, { version: '1.33.0' });
    const become = (status: string) => () =>
      stage.ask('PUT', INTO, [{ name: 'east', activityStatus: status }]);
    const inventory = await taken(stage, { before: become('INACTIVE'), after: become('ACTIVE') });
    expect(codes(inventory.warnings)).toEqual(['TENANTS_LEFT_OUT']);
    const place = census(inventory).places.find(({ tenant }) => tenant === 'east');
    expect(place).toEqual({ class: 'Note', tenant: 'east', sample: [], absent: 'left out' });
  });

  test('makes a backup incomplete where the server leaves none out', async () => {
    await using stage = await stageWith({});
    const inventory = taken(stage, {
      before: () => stage.ask('DELETE', INTO, ['north']),
      after: async () => {
        await stage.ask('POST', INTO, [{ name: 'north' }]);
        await stage.write(
          Array.from({ length: 20 }, (__, n) => ({
            class: 'Note',
            id: idOf(`n${n + 10}`),
            tenant: 'north',
            properties: {},
          })),
        );
      },
    });
    await expect(inventory).rejects.toMatchObject({
      code: 'BACKUP_INCOMPLETE',
      message: expect.stringContaining('class Note, tenant north') as string,
    });
  });
});

describe('what changes while it is looked at', () => {
  async function lookingAt(place: string, change: (stage: WeaviateStage) => Promise<unknown>) {
    await using stage = await stageWith({});
    await using gate = await startGate(stage.simulator.url);
    const { backup } = stage.open({ connection: { url: gate.url } });
    gate.hold(new RegExp(`^GET /v1/objects.*${place}`));
    const observing = backup.observe();
    await expect.poll(() => gate.requests.some((line) => line.includes(place))).toBe(true);
    await change(stage);
    gate.open();
    return (await observing) as Observation;
  }
  const found = ({ places }: Observation) =>
    places.map(({ class: name, tenant, count }) => [tenant ?? name, count !== undefined]);

  test('is a tenant that is not counted when it falls asleep', async () => {
    const observed = await lookingAt('tenant=north', (stage) =>
      stage.ask('PUT', INTO, [{ name: 'north', activityStatus: 'INACTIVE' }]),
    );
    expect(found(observed)).toContainEqual(['north', false]);
    expect(found(observed)).toContainEqual(['south', true]);
  });

  test('is no tenant any more when it is removed', async () => {
    const observed = await lookingAt('tenant=north', (stage) =>
      stage.ask('DELETE', INTO, ['north']),
    );
    expect(found(observed).map(([name]) => name)).not.toContain('north');
  });

  test.each(['/v1/objects.*class=Photo', '/v1/schema/Note/tenants'])(
    'is still there when something before the server answers 404 to %s',
    async (path) => {
      await using stage = await stageWith({});
      await using gate = await startGate(stage.simulator.url);
      gate.refuse(new RegExp(`^GET ${path}`), { status: 404, times: 1 });
      const { backup } = stage.open({ connection: { url: gate.url } });
      await expect(backup.observe()).rejects.toMatchObject({ code: 'TARGET_BUSY' });
      expect(found((await backup.observe()) as Observation)).toHaveLength(4);
    },
  );

  test('is no class any more when it is dropped', async () => {
    const observed = await lookingAt('class=Article', (stage) =>
      stage.ask('DELETE', '/schema/Article'),
    );
    expect(observed.classes.map(({ name }) => name)).not.toContain('Article');
    expect(found(observed).map(([name]) => name)).not.toContain('Article');
    expect(found(observed)).toContainEqual(['south', true]);
  });
});
