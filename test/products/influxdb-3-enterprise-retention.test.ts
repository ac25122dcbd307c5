import { describe, expect, test } from 'vitest';
import type { CensusFile } from '../../activities/products/influxdb-3-enterprise/census-record.ts';
import type {
  Census,
  TableCount,
} from '../../activities/products/influxdb-3-enterprise/census-schema.ts';
import { startBalancer } from '../simulators/influxdb-3-enterprise/index.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';

const DAY_MS = 86_400_000;
const ns = (days: number) => BigInt(days * DAY_MS) * 1_000_000n;
const ROWS = 1_000;

/** Rows of 29 days, the newest an hour old, and in the database what a retention is to be tried on. */
async function steady(
  set: (cluster: EnterpriseStage['world']['simulator']['cluster']) => void,
  options: Parameters<typeof enterpriseStage>[0] = {},
  restoredAfterMs = 0,
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
  switches.clockMs = restoredAfterMs;
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

  test('is compared by what is not of the future where some of it is, whoever writes again', async () => {
    await using world = await steady((cluster) => {
      ofDatabase(cluster);
      cluster.write('steady', ['t v=0 4070908800000000000']);
    });
    const { past, above = [] } = (await world.censusOf()) ?? {};
    expect(past).toMatchObject({ rows: ROWS, later: { rows: 1, first: '2099-01-01T00:00:00' } });
    expect(above.at(-1)?.[1]).toBeLessThan(ROWS / 8);
    world.pass(10);
    expect(await world.prove()).toEqual(EQUIVALENT);
    world.cluster.write('steady', [`t v=1 ${BigInt(Date.now()) * 1_000_000n}`]);
    expect(await world.prove()).toEqual(EQUIVALENT);
    world.keep((at) => at !== 800);
    expect(await world.prove()).toEqual(failing(/none has expired/));
  });

  test('is not blamed for rows of the future that have gone since', async () => {
    await using world = await steady((cluster) => {
      ofDatabase(cluster);
      cluster.write('steady', [`t v=0 ${BigInt(Date.now() + DAY_MS / 48) * 1_000_000n}`]);
    });
    world.pass(31);
    expect(await world.prove()).toEqual(UNPROVEN);
  });

  test('is not blamed for what clients write again among rows that were of the future', async () => {
    const HOUR_MS = DAY_MS / 24;
    const write = (cluster: EnterpriseStage['world']['simulator']['cluster'], ...hours: number[]) =>
      cluster.write(
        'steady',
        hours.map(
          (ahead) => `t v=0 ${BigInt(Math.round(Date.now() + ahead * HOUR_MS)) * 1_000_000n}`,
        ),
      );
    await using world = await steady(
      (cluster) => {
        ofDatabase(cluster);
        write(cluster, 0.5, 12);
      },
      {},
      2 * HOUR_MS,
    );
    world.pass(10);
    expect(await world.prove()).toEqual(EQUIVALENT);
    write(world.cluster, 3);
    expect(await world.prove()).toEqual(UNPROVEN);
    await world.censusOf((table) => ({ ...table, retentionNs: undefined }));
    expect(await world.prove()).toEqual(UNPROVEN);
    // Older than the restore, so not written since.
    write(world.cluster, 0.6, 0.7);
    expect(await world.prove()).toEqual(failing(/at least 1002/));
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
});

describe('a table whose own retention nobody knows', () => {
  const ofDatabase = (cluster: { setRetention(name: string, period: bigint): void }) =>
    cluster.setRetention('steady', ns(30));
  const hidden = { switches: { tableRetention: 'hidden' } } as const;
  const older = (table: TableCount): TableCount => {
    const { above: _above, retentionNs: _retentionNs, ...rest } = table;
    return rest;
  };
  const lost = failing(/ lacks, which has not expired$/);

  test('is neither excused nor blamed by the census of an older version', async () => {
    await using world = await steady(ofDatabase);
    await world.censusOf(older);
    expect(await world.prove()).toMatchObject({ identical: 5, codes: [] });
    for (const days of [10, 29.97, 31]) {
      world.pass(days);
      expect([days, await world.prove()]).toEqual([days, UNPROVEN]);
    }
    world.pass(10);
    world.keep((at) => at !== ROWS - 1);
    expect(await world.prove()).toEqual(lost);
  });

  test('of a database without one is different, and nobody is said to have been asked', async () => {
    await using world = await steady((cluster) => {
      cluster.setTableRetention('steady', 't', ns(30));
    });
    await world.censusOf(older);
    world.pass(10);
    expect(await world.prove()).toEqual(
      failing(/^steady\/t has \d+ rows, and the backup at least 1000$/),
    );
  });

  test('since the server does not tell is neither excused nor blamed', async () => {
    await using world = await steady(ofDatabase, hidden);
    expect(await world.censusOf()).not.toHaveProperty('retentionNs');
    for (const days of [10, 29.97, 31]) {
      world.pass(days);
      expect([days, await world.prove()]).toEqual([days, UNPROVEN]);
    }
    world.pass(10);
    world.keep((at) => at !== ROWS - 2);
    expect(await world.prove()).toEqual(failing(/at least 1000$/));
    world.keep((at) => at !== ROWS - 2);
    expect(await world.prove()).toEqual(lost);
  });

  test('with old rows that lack before the period of the database has, is different', async () => {
    await using world = await steady((cluster) => {
      cluster.setRetention('steady', ns(60));
      cluster.setTableRetention('steady', 't', ns(30));
    }, hidden);
    world.pass(10);
    expect(await world.prove()).toEqual(
      failing(
        /; all that lacks is of \S+ or older, as if .* the retention of the table is not known/,
      ),
    );
  });
});

describe('counts above cut-offs', () => {
  const queries = ({ stage }: { stage: EnterpriseStage }) =>
    stage.world.simulator.nodes
      .flatMap(({ requests }) => requests)
      .filter(({ path }) => path === '/api/v3/query_sql').length;
  const ofDatabase = (cluster: { setRetention(name: string, period: bigint): void }) =>
    cluster.setRetention('steady', ns(30));
  /** Databases, columns, tables, and each of the five tables. */
  const LISTS = 3;
  const TABLES = 5;

  test.each(['shown', 'hidden'] as const)(
    'are only of tables that a retention is known of (%s)',
    async (tableRetention) => {
      await using world = await steady(ofDatabase, { switches: { tableRetention } });
      const before = queries(world);
      await world.stage.session.backup.observe();
      expect(queries(world) - before).toBe(LISTS + TABLES + 1);
    },
  );

  test('that fail are not asked again, and the backup goes on without', async () => {
    await using world = await steady(ofDatabase);
    world.stage.world.simulator.switches.conditionsSlow = { at: ['steady'] };
    const before = queries(world);
    const { inventory } = await world.stage.take();
    expect(inventory).toMatchObject({ detail: { census: 'taken', tables: TABLES }, warnings: [] });
    expect(queries(world) - before).toBe(2 * (LISTS + TABLES) + 1);
  });

  test('are left out where the table itself cannot be counted', async () => {
    await using world = await steady(ofDatabase);
    const { stage } = world;
    const { name, observed } = await stage.begin();
    await stage.follow(name);
    stage.world.simulator.switches.tableUnreadable = { at: ['steady/t'] };
    const before = queries(world);
    await stage.session.backup.inventory(name, observed);
    // An address alone is asked six times.
    expect(queries(world) - before).toBe(LISTS + TABLES - 1 + 6);
  });

  test('are asked again where a balancer led to a node that answers no queries', async () => {
    await using stage = await enterpriseStage({ nodes: [{ role: 'query' }, { role: 'compact' }] });
    const newest = BigInt(Date.now()) * 1_000_000n;
    stage.world.simulator.cluster.write('steady', [`t v=1 ${newest - ns(20)}`, `t v=2 ${newest}`]);
    ofDatabase(stage.world.simulator.cluster);
    await using balancer = await startBalancer(stage.world.simulator.nodes.map(({ url }) => url));
    const through = stage.fresh({ nodes: undefined, url: balancer.url }, 20_000);
    const { census } = (await through.backup.observe()) as unknown as { census: Census };
    expect(census.tables.find(({ table }) => table === 't')?.above).toHaveLength(7);
  });
});
