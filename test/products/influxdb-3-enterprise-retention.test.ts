import { describe, expect, test } from 'vitest';
import type { CensusFile } from '../../activities/products/influxdb-3-enterprise/census-record.ts';
import type { TableCount } from '../../activities/products/influxdb-3-enterprise/census.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';

const DAY_MS = 86_400_000;
const ns = (days: number) => BigInt(days * DAY_MS) * 1_000_000n;
const ROWS = 1_000;

/** Rows of 29 days, the newest an hour old, and in the database what a retention is to be tried on. */
async function steady(
  set: (cluster: EnterpriseStage['world']['simulator']['cluster']) => void,
  options: Parameters<typeof enterpriseStage>[0] = {},
) {
  const stage = await enterpriseStage(options);
  const { cluster, switches } = stage.world.simulator;
  const newest = Date.now() - DAY_MS / 24;
  const lines = Array.from({ length: ROWS }, (_, at) => {
    const time = newest - ((ROWS - 1 - at) * 29 * DAY_MS) / ROWS;
    return `t v=${at} ${BigInt(Math.round(time)) * 1_000_000n}`;
  });
  cluster.write('steady', lines);
  set(cluster);
  let { backup } = await stage.take();
  const plan = await stage.plan(backup, {});
  const { state } = await stage.restore(plan, backup);
  return {
    stage,
    cluster,
    /** The clock of the server goes on, and what it hides with it. */
    pass: (days: number) => void (switches.clockMs = days * DAY_MS),
    /** Of the rows that came back, oldest first, those remain. */
    keep(which: (at: number) => boolean) {
      const rows = cluster.content.get('steady')?.tables.get('t');
      for (const [at, key] of [...(rows?.keys() ?? [])].entries())
        if (!which(at)) rows?.delete(key);
    },
    async censusOf(change: (table: TableCount) => TableCount = (table) => table) {
      const census = JSON.parse(
        Buffer.from(await backup.file('census.json')).toString(),
      ) as CensusFile;
      for (const side of [census.before, census.after]) side.tables = side.tables.map(change);
      backup = { ...backup, file: () => Promise.resolve(Buffer.from(JSON.stringify(census))) };
      return census.after.tables.find(({ table }) => table === 't');
    },
    async prove() {
      const proven = await stage.fresh().restore.prove(plan, state, backup, () => undefined);
      const { identical, equivalent, failed } = proven.totals;
      const codes = proven.warnings.map(({ code }) => code);
      return { identical, equivalent, subjects: failed.subjects, codes };
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

const EQUIVALENT = {
  identical: 4,
  equivalent: 1,
  subjects: [],
  codes: ['RETENTION_EXPIRES'],
};
const UNPROVEN = { identical: 4, equivalent: 0, subjects: [], codes: ['PROOF_PARTIAL'] };
const failing = (words: RegExp) => ({
  identical: 4,
  equivalent: 0,
  subjects: [expect.stringMatching(words)],
  codes: [],
});

describe('a table of a database with a retention', () => {
  const ofDatabase = (cluster: { setRetention(name: string, period: bigint): void }) =>
    cluster.setRetention('steady', ns(30));

  test('is not blamed for rows that went by themselves, whoever writes again', async () => {
    await using world = await steady(ofDatabase);
    expect(await world.prove()).toMatchObject({ identical: 5, codes: [] });
    for (const days of [1.5, 10, 22, 26]) {
      world.pass(days);
      expect([days, await world.prove()]).toEqual([days, EQUIVALENT]);
    }
    world.cluster.write('steady', [`t v=1 ${BigInt(Date.now()) * 1_000_000n}`]);
    expect(await world.prove()).toEqual(EQUIVALENT);
  });

  test.each([
    ['all but the newest', (at: number) => at === ROWS - 1],
    ['a row in the middle', (at: number) => at !== 800],
    ['the newest', (at: number) => at !== ROWS - 1],
  ])('that has lost %s is different', async (_, which) => {
    await using world = await steady(ofDatabase);
    world.keep(which);
    world.pass(10);
    expect(await world.prove()).toEqual(
      failing(
        /^steady\/t has \d+ rows, and the backup at least 1000; .*not expired|none has expired/,
      ),
    );
  });

  test('is not proven once too little of it is left', async () => {
    await using world = await steady(ofDatabase);
    for (const days of [29.97, 31]) {
      world.pass(days);
      expect([days, await world.prove()]).toEqual([days, UNPROVEN]);
    }
  });

  test('is not proven by the few rows that can be compared', async () => {
    await using world = await steady(ofDatabase);
    // As if nearly all had been of the time up to the first cut-off that has not expired.
    await world.censusOf(({ above, ...table }) =>
      above ? { ...table, above: above.map(([time], at) => [time, at < 4 ? 980 : 1]) } : table,
    );
    world.keep((at) => at === ROWS - 1);
    world.pass(16);
    expect(await world.prove()).toEqual(UNPROVEN);
  });

  test('is not proven by a census without cut-offs, nor excused by a period that came later', async () => {
    await using world = await steady(ofDatabase);
    world.cluster.setRetention('steady', ns(20));
    expect(await world.prove()).toEqual(
      failing(/^steady\/t has \d+ rows, and the backup at least 1000$/),
    );
    world.cluster.setRetention('steady', ns(30));
    await world.censusOf((table) => ({ ...table, above: undefined }));
    world.pass(10);
    expect(await world.prove()).toEqual(UNPROVEN);
  });
});

describe('a table with a retention of its own', () => {
  test('that is shorter than the one of its database is not blamed for rows that went', async () => {
    await using world = await steady((cluster) => {
      cluster.setTableRetention('steady', 't', ns(30));
    });
    world.pass(10);
    expect(await world.prove()).toEqual(EQUIVALENT);
    world.keep((at) => at !== 800);
    expect(await world.prove()).toEqual(failing(/none has expired/));
  });

  test('that is longer than the one of its database is not excused by that', async () => {
    await using world = await steady((cluster) => {
      cluster.setRetention('steady', ns(30));
      cluster.setTableRetention('steady', 't', ns(3_650));
    });
    world.pass(10);
    expect(await world.prove()).toMatchObject({ identical: 5, codes: [] });
    world.keep((at) => at === ROWS - 1);
    expect(await world.prove()).toEqual(
      failing(/^steady\/t has 1 rows, and the backup at least 1000$/),
    );
  });

  test('that the server does not tell excuses nothing, and the failure says what it may be', async () => {
    await using world = await steady(
      (cluster) => {
        cluster.setRetention('steady', ns(30));
      },
      { switches: { tableRetention: 'hidden' } },
    );
    expect(await world.censusOf()).not.toHaveProperty('retentionNs');
    world.pass(10);
    expect(await world.prove()).toEqual(
      failing(/; all that lacks is of \S+ or older, as if it had expired, but the server does not/),
    );
    world.keep((at) => at !== ROWS - 1);
    expect(await world.prove()).toEqual(failing(/at least 1000$/));
  });
});
