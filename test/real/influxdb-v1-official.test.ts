import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { influxdbV1 } from '../../activities/products/influxdb-v1/index.ts';
import { findTool } from '../../infra/tools/find-tool.ts';
import { backupInMemory } from '../influxdb-v1/backup-in-memory.ts';
import { connectTo, takeBackup } from '../aiven-influxdb/take-backup.ts';
import { startAivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { holdCompactions } from './hold-compactions.ts';

const BEGIN = 1_699_999_200;

/** @returns what a restore brings back: also what was deleted, while it lies beside a note that it is gone */
async function fill(server: InfluxdV1): Promise<unknown[]> {
  await server.query('CREATE DATABASE plant WITH DURATION 0s SHARD DURATION 1h NAME fine');
  await server.query(
    'CREATE RETENTION POLICY coarse ON plant DURATION 0s REPLICATION 1 SHARD DURATION 24h',
  );
  await server.query('CREATE DATABASE other');
  const lines = Array.from(
    { length: 600 },
    (_, at) => `cpu,host=h${at % 7} v=${at}.5,n=${at}i ${BEGIN + at * 60}`,
  );
  await server.write('plant', lines);
  await server.write('plant', lines.slice(0, 100), 'coarse');
  await server.write('other', ['note text="a, b" 1699999200', 'note text="c" 1699999201']);
  const all = await counts(server);
  await using flushed = await temporaryFolder('flushed');
  await server.backup(flushed.path);
  await holdCompactions(server, 'other/autogen');
  await server.query('DELETE FROM note WHERE time = 1699999201s', 'other');
  expect(await counts(server)).not.toEqual(all);
  return all;
}

async function counts(server: InfluxdV1): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const from of ['plant.fine.cpu', 'plant.coarse.cpu', 'other.autogen.note']) {
    const [row] = await server.query(`SELECT count(*) FROM ${from}`);
    found.push({ from, ...row });
  }
  return found;
}

describe('a backup that came by way of the vendor from a real InfluxDB 1', () => {
  it('is restored by the official tool from the folder as it is, and by Holdfast', async () => {
    await using source = await startInfluxdV1();
    const before = await fill(source);
    await using aiven = await startAivenSimulator({
      content: { influxd: await findTool('influxd-v1'), snapshot: source.snapshot },
      switches: { pendingPolls: 0, layout: 'nested' },
    });
    await using folder = await temporaryFolder('official');
    const session = connectTo(aiven);
    await takeBackup(session, folder.path);
    await session.close();
    const data = join(folder.path, 'metrics/one/data');

    await using official = await startInfluxdV1();
    await official.restore(data);
    // The tool does not wait for the server, whose shards are disabled until they are restored.
    await vi.waitFor(async () => expect(await counts(official)).toEqual(before), 30_000);

    await using own = await startInfluxdV1({ index: 'tsi1' });
    const members = new Map<string, Buffer>();
    for (const name of await readdir(data)) members.set(name, await readFile(join(data, name)));
    const destination = influxdbV1.connect({
      target: 'own',
      connection: influxdbV1.connection.parse({ url: own.url, snapshot: own.snapshot }),
      concurrency: 4,
      stallMs: 10_000,
      signal: new AbortController().signal,
    });
    const backup = backupInMemory(members);
    const restore = { target: 'metrics' };
    const plan = await destination.restore.plan({ backup, restore, destination: 'own', run: 'r' });
    const state = await destination.restore.prepare(plan, backup);
    for (const step of plan.steps) {
      const original = () => backup.open(step.lines, { decompress: true });
      await destination.restore.apply(step, state, original);
      const proof = await destination.restore.prove(step, state, original, folder.path);
      expect(proof).toEqual({ result: 'identical' });
    }
    await destination.restore.finish(plan, state);
    await destination.close();
    expect(await counts(own)).toEqual(before);
    await own.restart();
    expect(await counts(own)).toEqual(before);
  });
});
