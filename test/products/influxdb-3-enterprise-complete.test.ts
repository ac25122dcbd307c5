import { describe, expect, test } from 'vitest';
import { checkComplete } from '../../activities/products/influxdb-3-enterprise/complete.ts';
import type { BackupRecord } from '../../activities/products/influxdb-3-enterprise/records.ts';

const recordOf = (files?: number, bytes?: number): BackupRecord => ({
  name: 'b',
  status: 'completed',
  created_at: '2026-11-20T02:00:00Z',
  ...(files === undefined ? {} : { total_files: files }),
  ...(bytes === undefined ? {} : { total_size_bytes: bytes }),
});

describe('a backup of which the server says so many files and bytes', () => {
  test.each([
    // Objects by size; files, bytes; what becomes of it.
    [[10, 20], 2, 30, 'complete'],
    [[10, 0], 2, 10, 'complete'],
    [[10], 2, 10, 'there are 1'],
    [[10, 20], 2, 31, 'there are 30'],
    [[10, 20], 2, 29, 'there are 30'],
    [[], 2, 30, 'there are none'],
    [[], 0, 0, 'no files at all'],
    [[10, 20], undefined, 30, 'does not say'],
    [[10, 20], 2, undefined, 'does not say'],
    // More than the server counts: its own description may be the smallest.
    [[10, 20, 5], 2, 30, 'uncounted'],
    [[10, 20, 50], 2, 30, 'uncounted'],
    [[10, 19, 5], 2, 30, '1 further objects'],
    [[10, 20, 0], 2, 30, 'is empty'],
  ])('%j of %s files and %s bytes: %s', (sizes, files, bytes, outcome) => {
    const objects = sizes.map((size, at) => ({ key: `c/backups/b/${at}`, bytes: size }));
    const check = checkComplete(recordOf(files, bytes), objects, 'a place');
    if (outcome === 'complete') expect(check).toEqual({ complete: true, warnings: [] });
    else if (outcome === 'uncounted') {
      expect(check).toMatchObject({ complete: true, warnings: [{ code: 'OBJECTS_UNCOUNTED' }] });
    } else {
      expect(check).toMatchObject({
        complete: false,
        problem: expect.stringContaining(outcome),
      });
    }
  });
});
