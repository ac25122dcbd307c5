import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { timeName } from '../../workflows/contract/names.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { summariesIn } from '../support/summaries.ts';
import { startWorld, type World } from './world.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/;
let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 80 });
});
afterAll(() => world?.stop());
beforeEach(() => world.source.calm());

describe('what a person sees of a run', () => {
  test('progress grows while bytes move, and ends with what was done', async () => {
    world.source.switches.bytesPerSecond = 2_000;
    const handle = await world.holdfast.start('backup', { target: 'metrics' });
    const moving: Progress[] = [];
    await expect
      .poll(async () => {
        const progress = await handle.query<Progress>('progress');
        const { phase, bytes } = progress;
        if (phase === 'streaming' && bytes.done > (moving.at(-1)?.bytes.done ?? 0)) {
          moving.push(progress);
        }
        return moving.length;
      })
      .toBeGreaterThan(1);
    // Nothing can be foretold before the first artifact is done.
    const expectedEnd = /^### streaming\n[^]*\n\| expected end \| \d{4}-\d\d-\d\dT[\d:]{8}Z \|$/m;
    await expect.poll(() => pageOf(handle)).toMatch(expectedEnd);
    expect((await handle.query<Progress>('progress')).eta).toMatch(RFC_3339);
    world.source.calm();
    await handle.result();
    expect(moving.at(0)).toMatchObject({ artifacts: { total: 82 }, cancellable: 'until commit' });
    const last = await handle.query<Progress>('progress');
    expect(last).toMatchObject({ phase: 'done', artifacts: { done: 82, total: 82 } });
  });

  test('runs are found by what they did, and their page tells it', async () => {
    const handle = await world.holdfast.start('backup', { target: 'metrics' });
    const report = (await handle.result()) as { backup: string; storedBytes: number };
    const described = await handle.describe();
    const attributes = described.typedSearchAttributes.getAll();
    expect(Object.fromEntries(attributes.map(({ key, value }) => [key.name, value]))).toMatchObject(
      {
        HoldfastTarget: 'metrics',
        HoldfastProduct: 'influxdb-v2',
        HoldfastStore: 'disk',
        HoldfastBackup: report.backup,
        HoldfastOutcome: 'warned',
        HoldfastBytes: report.storedBytes,
      },
    );
    const history = await handle.fetchHistory();
    expect(history.events!.length).toBeLessThan(100);
    const summaries = summariesIn(history);
    expect(summaries).toEqual(expect.arrayContaining(['preflight of metrics']));
    expect(summaries.join()).toMatch(/artifacts 1–\d+ of 82/);
    const page = await pageOf(handle);
    expect(page).toMatch(/^### done\n/);
    expect(page).toContain(`| backup | \`${report.backup}\` |`);
    expect(page).toMatch(/\| artifacts \| 82 of 82 \|\n\| bytes \| [\d.]+ KiB \|\n\| rate \| /);
    expect(page).not.toContain('expected end');
    expect(page).toContain('- `METADATA_UNENCRYPTED` ');
  });

  test('an attempt that fails is told with its number and its sentence', async () => {
    world.source.switches.unavailable = true;
    const handle = await world.holdfast.start('backup', { target: 'metrics' });
    let troubled: Progress | undefined;
    await expect
      .poll(async () => {
        troubled = await handle.query<Progress>('progress');
        return troubled.lastError ?? '';
      })
      .toMatch(/503/);
    expect(troubled?.attempt).toBeGreaterThan(0);
    world.source.calm();
    await handle.result();
  });

  test('a namespace without the search attributes is no obstacle', async () => {
    const { startHoldfast } = await import('../support/holdfast.ts');
    const { inject } = await import('vitest');
    await using bare = await startHoldfast({
      address: inject('temporalAddress'),
      config: world.config,
      searchAttributes: false,
    });
    const report = await bare.run('backup', { target: 'metrics' });
    expect(report.warnings.map(({ code }) => code)).toContain('SEARCH_ATTRIBUTES_MISSING');
  });

  test.each([
    ['by the scheduled time when it runs on time', 60_000, true],
    [
      'by its start when it is made up for later, so that the newest name holds the newest data',
      20 * 60_000,
      false,
    ],
    ['by its start when its time has not come yet', -20 * 60_000, false],
  ])('a schedule names the backup %s', async (_, lateMs, bySchedule) => {
    const { schedule: schedules } = world.holdfast.client;
    const time = new Date(Math.floor((Date.now() - lateMs) / 1000) * 1000);
    const schedule = await schedules.create({
      scheduleId: 'backup/metrics',
      spec: {
        calendars: [
          { hour: time.getUTCHours(), minute: time.getUTCMinutes(), second: time.getUTCSeconds() },
        ],
      },
      action: {
        type: 'startWorkflow',
        workflowType: 'backup',
        taskQueue: 'holdfast',
        workflowId: 'backup/metrics/scheduled',
        args: [{ target: 'metrics' }],
      },
    });
    const before = await committed();
    await schedule.backfill({
      start: new Date(time.getTime() - 1000),
      end: time,
      overlap: 'ALLOW_ALL',
    });
    await expect.poll(async () => (await committed()).length).toBe(before.length + 1);
    const [made] = (await committed()).filter((id) => !before.includes(id));
    expect(made?.startsWith(timeName(time))).toBe(bySchedule);
    if (!bySchedule) {
      expect(made?.localeCompare(timeName(new Date(Date.now() - 600_000)))).toBe(1);
      expect(made?.localeCompare(timeName(new Date(Date.now() + 600_000)))).toBe(-1);
    }
    await schedule.delete();
  });

  test('a backup that waited for a worker is named by when one took it up', async () => {
    const waitMs = 4000;
    const before = await committed();
    const askedAt = Date.now();
    await world.holdfast.client.workflow.execute('backup', {
      taskQueue: 'holdfast',
      workflowId: 'backup/metrics/later',
      args: [{ target: 'metrics' }],
      startDelay: waitMs,
    });
    const [made] = (await committed()).filter((id) => !before.includes(id));
    // Names are in whole seconds.
    expect(made?.localeCompare(timeName(new Date(askedAt + waitMs - 1000)))).toBe(1);
  });

  async function pageOf(handle: { query<T>(name: string): Promise<T> }): Promise<string> {
    const { currentDetails } = await handle.query<{ currentDetails?: string }>(
      '__temporal_workflow_metadata',
    );
    return currentDetails ?? '';
  }

  /** The ids of the backups in the store. */
  async function committed(): Promise<string[]> {
    const files = await world.files();
    return files.flatMap((file) => /([^/]+)\/backup\.json$/.exec(file)?.[1] ?? []);
  }
});
