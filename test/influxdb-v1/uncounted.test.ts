import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProductSession } from '../../activities/products/product.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { tsmFile, type Series } from '../pipeline/tsm-file.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startSmallServer, type SmallServer } from './small-server.ts';

const END = 64;
const TIMES = [0, 1, 20, 40, 63];

let server: SmallServer;
let session: ProductSession;
let folder: TemporaryFolder;
let selects: string[];
beforeEach(async () => {
  folder = await temporaryFolder('uncounted');
  server = await startSmallServer();
  session = server.connect();
  selects = [];
});
afterEach(async () => {
  await session.close();
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

/** The proof of a shard that came back as it was, with these measurements. */
async function proof(...measurements: string[]) {
  const series: Series = {};
  for (const name of measurements) series[`${name}#!~#v`] = { blocks: [TIMES] };
  const body = tsmFile(series);
  server.tar = tarArchive([{ name: 'live/rp/1/010000001-000000001.tsm', body }]);
  const original = async function* () {
    yield tarArchive([{ name: 'live/rp/7/000000001-000000001.tsm', body }]);
  };
  const key = { database: 'live', policy: 'rp', shard: 7, start: '0', end: String(END) };
  const step = { subject: 'live/rp/shard 7', key, lines: [] };
  const state = { version: 1, run: 'run1', shards: { 7: 1 } };
  return session.restore.prove(step, state, original, folder.path);
}

/** The points of TIMES that lie in what a statement asks for. */
function countOf(statement: string): Record<string, number> {
  const [start, end] = spanOf(statement);
  return { v: TIMES.filter((time) => time >= start && time < end).length };
}

function spanOf(statement: string): [number, number] {
  const [, start, end] = /time >= (\d+) AND time < (\d+)/.exec(statement) ?? [];
  return [Number(start), Number(end)];
}

it('counts shorter times where the server gives up on long ones', async () => {
  server.countOf = countOf;
  server.refusal = (statement) => {
    if (!statement.startsWith('SELECT')) return undefined;
    selects.push(statement);
    const [start, end] = spanOf(statement);
    return end - start > 8 ? 'query-timeout limit exceeded' : undefined;
  };
  expect(await proof('m')).toEqual({ result: 'identical' });
  expect(selects).toHaveLength(8 + 7);
});

it('finds a point that is missing in one of the shorter times', async () => {
  server.countOf = (statement) => (spanOf(statement)[0] === 32 ? { v: 1 } : countOf(statement));
  server.refusal = (statement) => {
    if (!statement.startsWith('SELECT')) return undefined;
    const [start, end] = spanOf(statement);
    return end - start > 32 ? 'max-select-point limit exceeed: (9/8)' : undefined;
  };
  expect(await proof('m')).toEqual({
    result: 'different',
    reason: 'the server finds only 4 of 5 points of m v',
  });
});

it('says what is not counted when it gives up on the shortest too', async () => {
  server.countOf = countOf;
  server.refusal = (statement) => {
    if (!statement.includes('"slow"')) return undefined;
    selects.push(statement);
    return 'query-timeout limit exceeded';
  };
  expect(await proof('a', 'b', 'slow', 'z')).toEqual({
    result: 'equivalent',
    warning: {
      code: 'PROOF_PARTIAL',
      subject: 'live/rp/shard 7',
      message: expect.stringMatching(
        /^live\/rp\/shard 7 came back with all that the backup holds; whether queries find all of it is not proven, since the server does not count 1 of 4 measurements \(slow\): InfluxDB at \S+ counting the points of live\/rp\/shard 7 failed: "query-timeout limit exceeded"\.$/,
      ),
    },
  });
  // Four, two and one measurement at a time, then the half, the quarter … of the time.
  expect(selects).toHaveLength(3 + 6);
});

it('does not ask for ever when every measurement is refused', async () => {
  server.refusal = (statement) => {
    if (!statement.startsWith('SELECT')) return undefined;
    selects.push(statement);
    return 'max-select-series limit exceeded: (9/8)';
  };
  const names = Array.from({ length: 100 }, (_, at) => `m${String(at).padStart(3, '0')}`);
  expect(await proof(...names)).toMatchObject({
    result: 'equivalent',
    warning: {
      message: expect.stringContaining(
        'the server does not count 100 of 100 measurements (m000, m001, m002 and 17 more): ',
      ),
    },
  });
  expect(selects.some((statement) => statement.includes('m020'))).toBe(true);
  expect(selects.filter((statement) => statement.includes('"m099"'))).toHaveLength(1);
});

it.each(['max-concurrent-queries limit exceeded(8, 8)', 'engine is closed', 'timeout'])(
  'waits for a server that says it cannot now: %s',
  async (busy) => {
    server.refusal = (statement) => (statement.startsWith('SELECT') ? busy : undefined);
    await expect(proof('m')).rejects.toMatchObject({ code: 'TARGET_BUSY' });
  },
);

it('does not take what somebody removed for what the server does not count', async () => {
  server.refusal = () => 'database not found: live';
  await expect(proof('m')).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
});

describe('a measurement whose name was written escaped', () => {
  const ESCAPED = 'req?id\\=5';
  const ofEscaped = (points: number) => {
    server.countOf = (statement) =>
      statement.includes('"req?id\\\\=5"') ? { v: points } : countOf(statement);
  };
  const warned = (says: RegExp) => ({
    result: 'equivalent',
    warning: { code: 'PROOF_PARTIAL', message: expect.stringMatching(says) },
  });

  it('is told when no query finds it', async () => {
    ofEscaped(0);
    expect(await proof('m', ESCAPED, 'z\\"b')).toMatchObject(
      warned(
        / 1 measurements .*\(req\?id\\=5\), and no query finds .* until a point .*tsi1.*\(z\\"b\): ask /,
      ),
    );
  });

  it('is told when queries find it under another name than before', async () => {
    server.countOf = countOf;
    expect(await proof('m', ESCAPED)).toMatchObject(
      warned(
        /other names now, with the backslash \(req\?id\\=5\): ask .* `"req\?id\\\\=5"`; what clients go on .*\.$/,
      ),
    );
  });

  it('is missed when queries find a part of it', async () => {
    ofEscaped(4);
    const reason = `the server finds only 4 of 5 points of ${ESCAPED} v`;
    expect(await proof('m', ESCAPED)).toEqual({ result: 'different', reason });
  });

  it('does not excuse another one', async () => {
    server.countOf = (statement) => (statement.includes('"m"') ? { v: 0 } : countOf(statement));
    const reason = 'the server finds only 0 of 5 points of m v';
    expect(await proof('m', ESCAPED)).toEqual({ result: 'different', reason });
  });

  it.each(['m\\\\', 'm\\\\\\,y'])(
    'is told when no server ever finds such a one, and proven when one does: %s',
    async (name) => {
      const never = (statement: string) => statement.includes('"m\\\\');
      server.countOf = (statement) => (never(statement) ? { v: 0 } : countOf(statement));
      expect(await proof('a', name)).toMatchObject(
        warned(/the names of 1 measurements .*\(m\\.*\), and InfluxDB finds no .* were written\.$/),
      );
      server.countOf = countOf;
      expect(await proof('a', name)).toEqual({ result: 'identical' });
    },
  );

  it('is not taken for one with a backslash of its own', async () => {
    server.countOf = countOf;
    expect(await proof('back\\slash')).toEqual({ result: 'identical' });
  });
});
