import { expect, test } from 'vitest';
import { warningsOf } from '../../activities/backup/summarise.ts';
import type { BackupJob } from '../../workflows/contract/activities.ts';

const warnings = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ code: 'SHARD_GONE', message: `shard ${at}` }));

const told = (count: number, shrunk?: string) =>
  warningsOf({
    job: { warnings: [] as object[] } as BackupJob,
    preflight: { version: '2.9.1', identity: '', warnings: [] },
    taken: { warnings: warnings(count) } as never,
    shrunk,
    replaced: [],
  });

test('a manifest holds a hundred warnings, and says how many more there were', () => {
  expect(told(100)).toEqual(warnings(100));
  expect(told(130)).toEqual([
    ...warnings(100),
    { code: 'MORE_WARNINGS', message: '30 more warnings are left out here.' },
  ]);
});

test('that a source has shrunk is never among those that are left out', () => {
  expect(told(130, 'half of it')[0]).toEqual({ code: 'SOURCE_SHRUNK', message: 'half of it' });
});
