import { describe, expect, test } from 'vitest';
import { ACCEPTS_SHRINKING, shrinkage, yardsticks } from '../../activities/backup/shrunk.ts';
import type { Manifest } from '../../activities/catalog/manifest.ts';

interface Night {
  rows?: number;
  tables?: number;
  uncounted?: number;
  tags?: Record<string, string>;
}

/** A backup of a product that counts; without rows nobody did. */
function manifest(id: string, { rows, tables = 4, uncounted = 0, tags = {} }: Night): Manifest {
  const detail =
    rows === undefined ? { census: 'missing' } : { census: 'taken', tables, rows, uncounted };
  const totals = { plainBytes: 1_000, artifacts: 10 };
  const product = { name: 'influxdb-3-enterprise', version: '', identity: '' };
  return { id, product, totals, detail, tags } as unknown as Manifest;
}

async function* newestFirst(nights: Night[]) {
  for (const [at, night] of [...nights.entries()].toReversed())
    yield manifest(`night-${at}`, night);
}

/** What is said of the last of these nights. */
async function saidOf(...nights: Night[]) {
  const [last = {}, ...earlier] = nights.toReversed();
  const now = manifest('now', last);
  const found = await yardsticks(newestFirst(earlier.toReversed()), now);
  return { read: found.map(({ id }) => id), said: shrinkage(now, found) };
}

describe('what a backup is measured against', () => {
  test('is the one before it, which is all that is read', async () => {
    const { read, said } = await saidOf({ rows: 900 }, { rows: 1_000 }, { rows: 499 });
    expect(read).toEqual(['night-1']);
    expect(said).toMatch(/^This backup holds 499 rows, its predecessor 1000: /);
    expect((await saidOf({ rows: 1_000 }, { rows: 500 })).said).toBeUndefined();
  });

  test('is the last one that was counted, where that one was not', async () => {
    const { read, said } = await saidOf({ rows: 9 }, { rows: 1_000 }, {}, {}, { rows: 499 });
    expect(read).toEqual(['night-3', 'night-2', 'night-1']);
    expect(said).toMatch(
      /^This backup holds 499 rows, and night-1, the last one before it that counted all of them, 1000: /,
    );
    expect((await saidOf({ rows: 1_000 }, {}, { rows: 500 })).said).toBeUndefined();
  });

  test('is for places the one before it, and for what could not be counted there an earlier one', async () => {
    const partial = { rows: 10, uncounted: 1 };
    const counted = { rows: 1_000, tables: 9 };
    expect((await saidOf(counted, { ...partial, tables: 4 }, { rows: 499 })).said).toMatch(
      /^This backup holds 499 rows, and night-0, /,
    );
    expect(
      (await saidOf(counted, { ...partial, tables: 4 }, { rows: 900, tables: 4 })).said,
    ).toBeUndefined();
    // Nothing can be said of rows that were not all counted.
    const { read, said } = await saidOf(counted, { ...partial, tables: 4 }, partial);
    expect([read, said]).toEqual([['night-1'], undefined]);
  });

  test('is never older than one that a person accepted', async () => {
    const tags = { [ACCEPTS_SHRINKING]: 'yes' };
    const { read, said } = await saidOf({ rows: 1_000 }, { tags }, {}, { rows: 9 });
    expect([read, said]).toEqual([['night-2', 'night-1'], undefined]);
  });

  test('is nothing that lies further back than a hundred backups', async () => {
    const none = Array.from({ length: 100 }, () => ({}));
    const { read, said } = await saidOf({ rows: 1_000 }, ...none, { rows: 9 });
    expect([read.length, said]).toEqual([100, undefined]);
    expect(await saidOf({ rows: 9 })).toEqual({ read: [], said: undefined });
  });
});
