import { describe, expect, test } from 'vitest';
import type { CensusFile } from '../../activities/products/influxdb-3-enterprise/census-record.ts';
import type { DelegatedBackup } from '../../activities/products/delegated.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';

const HOUR_MS = 3_600_000;
const FAR = 4_070_908_800_000_000_000n;
const SOON_MS = 500;

const ago = (ms: number) => BigInt(Date.now() - ms) * 1_000_000n;

/** Clients that only ever append, to a table of the backup. */
function append({ world }: EnterpriseStage, rows: number, from: bigint): void {
  const lines = Array.from({ length: rows }, (_, at) => `cpu,host=on v=${at} ${from + BigInt(at)}`);
  world.simulator.cluster.write('telemetry', lines);
}

function lose(
  { world }: EnterpriseStage,
  which: (at: number, all: number) => boolean,
  table = 'cpu',
): void {
  const rows = world.simulator.cluster.content.get('telemetry')?.tables.get(table);
  const sorted = [...(rows ?? [])].sort(([, a], [, b]) => (a.time < b.time ? -1 : 1));
  for (const [at, [key]] of sorted.entries()) if (which(at, sorted.length)) rows?.delete(key);
}

async function restored(stage: EnterpriseStage, backup: DelegatedBackup) {
  const plan = await stage.plan(backup, {});
  const state = await stage.session.restore.start(plan, new Date());
  await stage.followRestore(plan, state);
  return async (of = backup) => {
    const proven = await stage.session.restore.prove(plan, state, of, () => undefined);
    const { identical, equivalent, failed } = proven.totals;
    const codes = proven.warnings.map(({ code }) => code);
    return { identical, equivalent, subjects: failed.subjects, codes };
  };
}

/** A backup that is held up while `meanwhile` happens; its census looks before and after that. */
async function takenWhile(stage: EnterpriseStage, meanwhile: () => void): Promise<DelegatedBackup> {
  const { name, observed } = await stage.begin('b');
  meanwhile();
  stage.world.faults.release?.();
  await stage.follow(name);
  const inventory = await stage.session.backup.inventory(name, observed);
  const { backup } = await stage.take();
  return { ...backup, name, file: () => Promise.resolve(inventory.files[0]!.bytes) };
}

const failing = (words: RegExp) => ({ subjects: [expect.stringMatching(words) as unknown] });
const PROVEN = { identical: 4, equivalent: 0, subjects: [], codes: [] };
const WRITTEN = { identical: 3, equivalent: 1, subjects: [], codes: ['WRITES_AFTER_RESTORE'] };

describe('what queries show of before the restore proves nothing of it', () => {
  test('when it looks like the backup and rows are lost', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    Object.assign(stage.world.simulator.switches, { queryLagMs: SOON_MS, restoreLosesRows: 1 });
    const prove = await restored(stage, backup);
    expect(await prove()).toMatchObject(
      failing(/^telemetry\/disk has 100 rows, and the backup at least 200$/),
    );
  });

  test.each(['restoreIgnored', 'restoreKeepsNewer'] as const)(
    'when clients had appended to tables of the backup (%s)',
    async (fault) => {
      await using stage = await enterpriseStage();
      const { backup } = await stage.take();
      append(stage, 400, ago(10 * HOUR_MS));
      stage.world.simulator.switches[fault] = 1;
      const prove = await restored(stage, backup);
      expect(await prove()).toMatchObject(
        failing(/^telemetry\/cpu has 400 rows of after .* not rolled back, or clients wrote them/),
      );
    },
  );

  test('but is waited for', async () => {
    await using stage = await enterpriseStage();
    const { backup } = await stage.take();
    append(stage, 400, ago(10 * HOUR_MS));
    stage.world.simulator.switches.queryLagMs = SOON_MS;
    const prove = await restored(stage, backup);
    expect(await prove()).toEqual(PROVEN);
  });
});

describe('a table with a row of the future', () => {
  const taken = async () => {
    const stage = await enterpriseStage();
    append(stage, 1, FAR);
    const { backup } = await stage.take();
    append(stage, 60, ago(10 * HOUR_MS));
    return { stage, backup };
  };
  /** As a version of Holdfast kept it that did not look for such rows. */
  const older = async (backup: DelegatedBackup): Promise<DelegatedBackup> => {
    const bytes = Buffer.from(await backup.file('census.json')).toString();
    const census = JSON.parse(bytes) as CensusFile;
    for (const { tables } of [census.before, census.after])
      for (const table of tables) delete table.past;
    return { ...backup, file: () => Promise.resolve(Buffer.from(JSON.stringify(census))) };
  };

  test('is proven while clients write to it again', async () => {
    const { stage, backup } = await taken();
    await using _ = stage;
    const prove = await restored(stage, backup);
    expect(await prove()).toEqual(PROVEN);
    append(stage, 80, ago(0));
    expect(await prove()).toEqual(WRITTEN);
  });

  test.each([
    [
      'others',
      (at: number) => at < 60,
      /^telemetry\/cpu has 340 rows, and the backup at least 400/,
    ],
    [
      'that one',
      (at: number, all: number) => at === all - 1,
      /cpu has 0 rows of .* in the future, and the backup at least 1$/,
    ],
  ])('is different when %s are lost, whatever clients write', async (_rows, which, said) => {
    const { stage, backup } = await taken();
    await using _ = stage;
    const prove = await restored(stage, backup);
    lose(stage, which);
    expect(await prove()).toMatchObject(failing(said));
    append(stage, 60, ago(0));
    expect(await prove()).toMatchObject(failing(said));
  });

  test('and no others is different when all are lost', async () => {
    await using stage = await enterpriseStage();
    stage.world.simulator.cluster.write('telemetry', [`forecast v=1 ${FAR}`]);
    const { backup } = await stage.take();
    const prove = await restored(stage, backup);
    expect(await prove()).toMatchObject({ identical: 5, subjects: [] });
    lose(stage, () => true, 'forecast');
    expect(await prove()).toMatchObject(
      failing(/^telemetry\/forecast has 0 rows of .* in the future, and the backup at least 1$/),
    );
  });

  test('is different when it was not rolled back', async () => {
    const { stage, backup } = await taken();
    await using _ = stage;
    stage.world.simulator.switches.restoreIgnored = 1;
    const prove = await restored(stage, backup);
    expect(await prove()).toMatchObject(
      failing(/^telemetry\/cpu has 60 rows of after .* not rolled back/),
    );
    expect(await prove(await older(backup))).toMatchObject(
      failing(/^telemetry\/cpu has 461 rows, and the backup at most 401$/),
    );
  });

  test('is not proven by the census of an older version once clients write again', async () => {
    const { stage, backup } = await taken();
    await using _ = stage;
    const prove = await restored(stage, backup);
    const old = await older(backup);
    expect(await prove(old)).toEqual(PROVEN);
    const unproven = { identical: 3, equivalent: 0, subjects: [], codes: ['PROOF_PARTIAL'] };
    append(stage, 80, ago(0));
    expect(await prove(old)).toEqual(unproven);
    // As many as before.
    lose(stage, (at) => at >= 100 && at < 180);
    expect(await prove(old)).toEqual(unproven);
  });
});

describe('a table with rows that were of the future, and had their time before the restore,', () => {
  const taken = async (...aheadMs: number[]) => {
    const stage = await enterpriseStage();
    for (const ms of aheadMs) append(stage, 1, ago(-ms));
    const { backup } = await stage.take();
    stage.world.simulator.switches.clockMs = 3 * HOUR_MS;
    append(stage, 60, ago(-HOUR_MS));
    return { stage, backup };
  };
  const NOW_MS = -3 * HOUR_MS;

  test('is proven while clients write to it again', async () => {
    const { stage, backup } = await taken(HOUR_MS / 2);
    await using _ = stage;
    const prove = await restored(stage, backup);
    append(stage, 80, ago(NOW_MS));
    expect(await prove()).toEqual(WRITTEN);
    lose(stage, (at) => at < 60);
    expect(await prove()).toMatchObject(failing(/has 341 rows, and the backup at least 401$/));
  });

  test.each([[[HOUR_MS / 2]], [[HOUR_MS / 2, 8 * HOUR_MS]]])(
    'is different when it was not rolled back (%j ms ahead)',
    async (aheadMs) => {
      const { stage, backup } = await taken(...aheadMs);
      await using _ = stage;
      stage.world.simulator.switches.restoreIgnored = 1;
      const prove = await restored(stage, backup);
      expect(await prove()).toMatchObject(failing(/not rolled back|at most 402/));
    },
  );

  test('is not proven while others have not', async () => {
    const { stage, backup } = await taken(HOUR_MS / 2, 8 * HOUR_MS);
    await using _ = stage;
    const prove = await restored(stage, backup);
    expect(await prove()).toEqual(PROVEN);
    append(stage, 80, ago(NOW_MS));
    expect(await prove()).toMatchObject({ identical: 3, codes: ['PROOF_PARTIAL'] });
  });

  test.each([60, 80])('is different when others are lost behind %d new ones', async (rows) => {
    const { stage, backup } = await taken(HOUR_MS / 2, 8 * HOUR_MS);
    await using _ = stage;
    const prove = await restored(stage, backup);
    lose(stage, (at) => at >= 100 && at < 160);
    append(stage, rows, ago(NOW_MS));
    expect(await prove()).toMatchObject(
      failing(/^telemetry\/cpu has 340 rows of up to .*, and the backup at least 400$/),
    );
  });
});

test('a table of which rows are of minutes before the restore is not blamed for what clients had kept back', async () => {
  await using stage = await enterpriseStage();
  append(stage, 1, ago(60_000));
  const { backup } = await stage.take();
  const prove = await restored(stage, backup);
  expect(await prove()).toEqual(PROVEN);
  append(stage, 3, ago(120_000));
  const unproven = { identical: 3, equivalent: 0, subjects: [], codes: ['PROOF_PARTIAL'] };
  expect(await prove()).toEqual(unproven);
  append(stage, 1, ago(HOUR_MS));
  expect(await prove()).toEqual(unproven);
  // What nobody can have kept back is more than the backup holds by itself.
  append(stage, 1, ago(2 * HOUR_MS));
  expect(await prove()).toMatchObject(
    failing(/^telemetry\/cpu has 406 rows, and the backup at most 401$/),
  );
});

describe('a table to which clients wrote while the backup was taken', () => {
  const MEANWHILE = 1_700_000_000_000_000_000n;
  const MINUTE_MS = 60_000;

  test('by a clock that is ahead is proven by a restore that follows at once', async () => {
    await using stage = await enterpriseStage({ switches: { capturesLate: true, held: true } });
    append(stage, 1, ago(-2 * MINUTE_MS));
    const backup = await takenWhile(stage, () => {
      stage.world.simulator.switches.clockMs = 3 * MINUTE_MS;
      append(stage, 1, ago(-5 * MINUTE_MS));
    });
    const prove = await restored(stage, backup);
    expect(await prove()).toEqual({ identical: 3, equivalent: 1, subjects: [], codes: [] });
  });

  test.each([true, false])('hides no loss behind new rows (captured late: %s)', async (late) => {
    await using stage = await enterpriseStage({ switches: { capturesLate: late, held: true } });
    const prove = await restored(
      stage,
      await takenWhile(stage, () => append(stage, 100, MEANWHILE)),
    );
    expect(await prove()).toEqual({ identical: 3, equivalent: 1, subjects: [], codes: [] });
    append(stage, 80, ago(0));
    expect(await prove()).toEqual(WRITTEN);
    lose(stage, (at) => at < 60);
    const said = late
      ? /^telemetry\/cpu covers other times than the backup/
      : /^telemetry\/cpu has 340 rows, and the backup at least 400$/;
    expect(await prove()).toMatchObject(failing(said));
  });
});
