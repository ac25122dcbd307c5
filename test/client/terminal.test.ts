import { describe, expect, it } from 'vitest';
import { LiveFigures } from '../../client/runs/live-figures.ts';
import { overviewLines } from '../../client/runs/overview-lines.ts';
import type { Observation } from '../../client/runs/observe.ts';
import type { FoundSchedule } from '../../client/schedules/find-schedules.ts';
import { humanAge, humanBytes, humanDuration, knownTotal } from '../../client/terminal/figures.ts';
import { printable } from '../../client/terminal/output.ts';
import { renderBar } from '../../client/terminal/progress-bar.ts';
import { renderPairs, renderTable } from '../../client/terminal/table.ts';
import { warningLines } from '../../client/terminal/warnings.ts';
import { scheduleLines } from '../../client/verbs/schedule/list.ts';

describe('a table', () => {
  const columns = [
    { title: 'RUN', flexible: true },
    { title: 'BYTES', align: 'right' as const },
    { title: 'DETAIL', flexible: true },
  ];

  it('aligns its columns', () => {
    expect(
      renderTable(
        columns,
        [
          ['a', '10 B', 'x'],
          ['long', '5 B', ''],
        ],
        80,
      ),
    ).toEqual(['RUN   BYTES  DETAIL', 'a      10 B  x', 'long    5 B']);
  });

  it('never exceeds its width, and cuts what identifies a row last', () => {
    const rows = [['backup/metrics/2026-11-20t02-00-00z', '1 TiB', 'x'.repeat(200)]];
    const lines = renderTable(columns, rows, 60);
    expect(Math.max(...lines.map((line) => line.length))).toBe(60);
    expect(lines[1]).toMatch(/^backup\/metrics\/2026-11-20t02-00-00z +1 TiB +x+…$/);
  });
});

it('the table of `schedule list` fits 80 columns in any time zone', () => {
  const cron = '30 2 * * 1-5';
  const zones = ['UTC', 'America/Argentina/Buenos_Aires', 'America/Argentina/ComodRivadavia'];
  const schedules = zones.map((timeZone) => ({
    id: 'backup/metrics',
    target: 'metrics',
    own: true,
    facts: { cron, timeZone } as FoundSchedule['facts'],
    paused: false,
    note: undefined,
    next: new Date('2026-11-21T05:30:00Z'),
    last: { at: new Date(Date.now() - 86_400_000), workflowId: 'backup/metrics/x' },
  }));
  const lines = scheduleLines(schedules, 80);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines[2]).toMatch(/^metrics {2}30 2 \* \* 1-5 {2}America\/Argentina\/Bu\S+… {2}\S/);
});

describe('the runs of `status`', () => {
  const row = (target: string, detail = 'streaming 12 %') => ({
    run: `backup/${target}/scheduled-2026-11-20T02:00:00Z`,
    state: 'running',
    age: '10 min',
    detail,
  });
  const tooWide = (lines: string[]) => lines.filter((line) => line.length > 80);

  it('stand in one table where they fit', () => {
    expect(overviewLines([row('metrics')], 120)).toEqual([
      expect.stringMatching(/^RUN +STATE +AGE +DETAIL$/),
      `${row('metrics').run}  running  10 min  streaming 12 %`,
    ]);
  });

  it('fit 80 columns, and no id is cut', () => {
    const holder = `restore/${'d'.repeat(40)}/2026-11-20t02-00-00z`;
    const rows = ['fourteen-chars', 'metrics'].map((target) =>
      row(target, `waiting for ${holder}`),
    );
    const lines = overviewLines(rows, 80);
    expect(tooWide(lines)).toEqual([]);
    for (const { run } of rows) expect(lines.join('\n')).toContain(run);
    expect(lines).toContain(`  ${holder}`);
  });

  it('fit 80 columns also with a name of 40 letters', () => {
    const scheduled = row('m'.repeat(40));
    const lines = overviewLines([scheduled], 80);
    expect(tooWide(lines)).toEqual([]);
    expect(lines).toEqual([scheduled.run, '  running, 10 min, streaming 12 %']);
  });
});

describe('figures for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [682_000_000, '650 MiB'],
    [5 * 2 ** 40, '5.0 TiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(humanBytes(bytes)).toBe(text);
  });

  it.each([
    [900, '0.9 s'],
    [42_000, '42 s'],
    [125_000, '2 min 05 s'],
    [7_260_000, '2 h 01 min'],
    [400_000_000, '4 d 15 h'],
  ])('%d ms are %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });

  it('tells an age in one unit', () => {
    const now = new Date('2026-11-20T12:00:00Z');
    expect(humanAge(new Date('2026-11-20T02:00:00Z'), now)).toBe('10 h');
    expect(humanAge(new Date('2026-11-10T02:00:00Z'), now)).toBe('10 d');
  });
});

describe('the progress bar', () => {
  const state = {
    phase: 'streaming',
    bytes: 50,
    totalBytes: 100,
    artifacts: 3,
    totalArtifacts: 9,
    bytesPerSecond: 10,
    startedAt: new Date(0),
    remark: undefined,
  };

  it('shows bytes, share, rate, time left and artifacts', () => {
    const [first, second] = renderBar(state, 80, 5_000);
    expect(first).toMatch(/streaming {2}█{15}░{15} {2}50 % {2}50 B of 100 B$/);
    expect(second).toBe('  10 B/s · 5.0 s left · 3 of 9 artifacts · 5.0 s so far');
  });

  it.each([20, 40, 80])('fits a terminal of %d columns', (width) => {
    const remark = 'No worker polls the task queue holdfast';
    const lines = renderBar({ ...state, phase: 'restoring and proving', remark }, width, 5_000);
    expect(lines).toHaveLength(2);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  });

  it('names no total once more has come than was announced', () => {
    const [first] = renderBar({ ...state, bytes: 163 }, 80, 5_000);
    expect(first).toMatch(/100 % {2}163 B$/);
    expect(knownTotal({ done: 163, total: 100 })).toBeUndefined();
    expect(knownTotal({ done: 100, total: 100 })).toBe(100);
  });

  it('promises no time while nothing moves', () => {
    expect(renderBar({ ...state, bytesPerSecond: 0 }, 80, 5_000)[1]).not.toContain('left');
  });
});

describe('live figures', () => {
  const seen = (done: number, heartbeats: Record<string, number>, phase = 'streaming') =>
    ({
      status: 'RUNNING',
      progress: {
        phase,
        bytes: { done, total: 1_000 },
        artifacts: { done: 0, total: 10 },
        bytesPerSecond: 0,
      },
      pending: Object.entries(heartbeats).map(([id, bytes]) => ({
        id,
        figures: { activity: id, artifacts: 0, bytes, attempt: 1 },
      })),
    }) as unknown as Observation;

  it('move with the heartbeats between two words of the run, and agree with its next word', () => {
    const live = new LiveFigures();
    expect(live.update(seen(100, { a: 100 }), 0).bytes).toBe(100);
    expect(live.update(seen(100, { a: 250 }), 1_000).bytes).toBe(250);
    expect(live.update(seen(260, { a: 260 }), 2_000).bytes).toBe(260);
    expect(live.update(seen(260, { a: 300, b: 50 }), 3_000).bytes).toBe(350);
  });

  it('never go back and never beyond the whole, except when the run counts anew', () => {
    const live = new LiveFigures();
    live.update(seen(400, { a: 400 }), 0);
    expect(live.update(seen(400, { a: 900 }), 1_000).bytes).toBe(900);
    expect(live.update(seen(500, {}), 2_000).bytes).toBe(900);
    expect(live.update(seen(900, { b: 5_000 }), 3_000).bytes).toBe(900);
    expect(live.update(seen(900, { b: 9_000 }), 3_000).bytes).toBe(1_000);
    expect(live.update(seen(0, {}, 'proving'), 4_000).bytes).toBe(0);
  });

  it('measure the rate of the last seconds', () => {
    const live = new LiveFigures();
    live.update(seen(0, {}), 0);
    expect(live.update(seen(500, {}), 5_000).bytesPerSecond).toBe(100);
  });
});

it('many warnings are counted from the twentieth on', () => {
  const warnings = (count: number) =>
    Array.from({ length: count }, () => ({ code: 'A', message: 'b' }));
  expect(warningLines(warnings(21)).at(-1)).toBe('… and 1 more warning');
  expect(warningLines(warnings(22)).at(-1)).toBe('… and 2 more warnings');
});

describe('what a server sent', () => {
  it('cannot steer the terminal', () => {
    expect(printable('a\u001b[31mred\u001b]0;title\u0007\u0008b')).toBe('aredb');
    const name = 'a\u001b[2J\nb';
    expect(renderTable([{ title: 'OBJECT' }], [[name]], 80)).toEqual(['OBJECT', 'a b']);
    expect(renderPairs([['note', name]])).toEqual(['note  a\nb']);
  });
});
