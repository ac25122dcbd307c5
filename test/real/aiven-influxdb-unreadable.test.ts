import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTool } from '../../infra/tools/find-tool.ts';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import type { Conclusion, ProductSession } from '../../activities/products/product.ts';
import { each, IDENTITY, known, takeMeasured } from '../aiven-influxdb/measured.ts';
import { connectTo } from '../aiven-influxdb/take-backup.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const HOUR = 3600;
const BEGIN = 1_700_000_000 - (1_700_000_000 % HOUR);
/** The last one has not come yet. */
const HOURS = [0, 1, 2, Math.ceil((Date.now() / 1000 - BEGIN) / HOUR) + 48];

describe('a file that a real InfluxDB 1 cannot read at its start', () => {
  let folder: TemporaryFolder;
  let server: InfluxdV1;
  let aiven: AivenSimulator;
  let session: ProductSession;
  let last: { lines: ObjectLine[]; conclusion?: Conclusion };

  let taken = 0;
  async function take(): Promise<{ lines: ObjectLine[]; conclusion: Conclusion }> {
    taken += 1;
    const store = join(folder.path, String(taken));
    await mkdir(store);
    return takeMeasured(
      session,
      store,
      known(() => each(...last.lines), IDENTITY, last.conclusion?.detail),
    );
  }
  const about = ({ warnings }: Conclusion) =>
    warnings
      .filter(({ code }) => code.startsWith('SHARD_'))
      .map(({ code, subject }) => `${code} ${subject}`);
  const filesOf = (shard: number) => join(server.folder, 'data', 'telemetry', 'raw', String(shard));
  const points = (hours: number[], host: string) =>
    hours.flatMap((hour) =>
      [0, 1, 2].map((at) => `cpu,host=${host} v=${at} ${BEGIN + hour * HOUR + at}`),
    );

  beforeAll(async () => {
    folder = await temporaryFolder('unreadable-v1');
    server = await startInfluxdV1();
    aiven = await startAivenSimulator({
      switches: { pendingPolls: 0 },
      content: { influxd: await findTool('influxd-v1'), snapshot: server.snapshot },
    });
    session = connectTo(aiven, {}, undefined, 30_000);
    await server.query('CREATE DATABASE telemetry WITH DURATION INF SHARD DURATION 1h NAME raw');
    await server.write('telemetry', points(HOURS, 'a'));
    // A backup flushes the caches: what is written next lies in files of its own.
    await server.backup(join(folder.path, 'flushed'));
    await server.write('telemetry', points([2], 'b'));
    last = { lines: [] };
    last = await take();
  });
  afterAll(async () => {
    await session?.close();
    await aiven?.stop();
    await server?.stop();
    await folder?.remove();
  });

  it('is missed in the backup, whether its shard is, or it alone', async () => {
    const whole = await take();
    expect(whole.conclusion.lacking).toBe(false);
    expect(about(whole.conclusion)).toEqual([]);
    for (const shard of [2, 3, 4]) {
      const [first = ''] = (await readdir(filesOf(shard))).filter((name) => name.endsWith('.tsm'));
      const path = join(filesOf(shard), first);
      const bytes = await readFile(path);
      await writeFile(path, bytes.fill(0xff, bytes.length - 8));
    }
    // At the first start after the damage these shards are not opened, at each later one they are, without the files.
    for (const start of [1, 2]) {
      await server.restart();
      const { lines, conclusion } = await take();
      expect(lines.filter(({ role }) => role === 'shard')).toHaveLength(start === 1 ? 1 : 4);
      expect(conclusion.lacking, `start ${start}`).toBe(true);
      expect(about(conclusion)).toEqual([
        'SHARD_UNREADABLE telemetry/raw/shard 2',
        'SHARD_UNREADABLE telemetry/raw/shard 3',
        'SHARD_UNREADABLE telemetry/raw/shard 4',
      ]);
    }
  });

  it('is not missed where compactions and deletions have changed the files of others', async () => {
    last = await take();
    for (const host of ['c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']) {
      await server.write('telemetry', points([0], host));
      await server.backup(join(folder.path, `flushed-${host}`));
    }
    await server.query(`DELETE FROM cpu WHERE host = 'c'`, 'telemetry');
    const compacted = async () =>
      (await readdir(filesOf(1))).some((name) => /-00000000[2-9]\.tsm$/.test(name));
    await expect.poll(compacted).toBe(true);
    const { conclusion } = await take();
    expect(conclusion.lacking).toBe(false);
    expect(about(conclusion)).toEqual([]);
  });
});
