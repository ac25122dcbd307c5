import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import { encodeField } from '../../activities/pipeline/influxdb-portable/protobuf.ts';
import { composeMetadata } from '../../activities/products/influxdb-v1/compose-metadata.ts';
import type { ProductSession } from '../../activities/products/product.ts';
import { expected, members } from '../influxdb-v1/portable-backup.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { failureOf } from './failure-of.ts';
import { each, known, takeMeasured, type Before } from './measured.ts';
import { connectTo, takeBackup } from './take-backup.ts';

let aiven: AivenSimulator;
let folder: TemporaryFolder;
let session: ProductSession;
beforeEach(async () => {
  folder = await temporaryFolder('aiven');
  aiven = await startAivenSimulator({ switches: { pendingPolls: 0 } });
  session = connectTo(aiven);
});
afterEach(async () => {
  await session.close();
  await aiven.stop();
  await folder.remove();
});

const backUp = () => takeBackup(session, folder.path);
const files = () =>
  readdir(join(folder.path, 'metrics/one/data')).then((names) => names.toSorted());

describe('a whole tar', () => {
  it.each([
    [['BACKUP_LIMITED'], (manifest) => ({ ...manifest, limited: true })],
    [
      ['SHARD_UNKNOWN'],
      ({ files: named, ...manifest }) => ({
        ...manifest,
        files: named.map((file) => (file.shardID === 1 ? asShard(4711, file) : file)),
      }),
    ],
  ] satisfies [string[], (manifest: OfficialManifest) => object][])(
    'is said to lack what it may lack: %s',
    async (codes, change) => {
      aiven.state.content = { tar: await changedTar(change) };
      expect((await backUp()).capture.warnings.map(({ code }) => code)).toEqual(codes);
    },
  );

  it('without a file, of a service that still has what the last one holds, is that of a backup that failed: another is requested', async () => {
    const { content } = aiven.state;
    const { lines } = await backUp();
    aiven.state.content = { tar: await changedTar((manifest) => ({ ...manifest, files: null })) };
    const [notes, last] = [notebookInMemory(), known(() => each(...lines))];
    const attempt = () => takeMeasured(session, folder.path, last, notes);
    expect(await failureOf(attempt())).toMatchObject({
      code: 'SOURCE_GARBLED',
      message: expect.stringMatching(/holds no shard, and its metadata name 9 that backup last /),
    });
    aiven.state.content = content;
    expect((await attempt()).lines).toHaveLength(11);
    expect(aiven.requests.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  const HOUR_MS = 3_600_000;
  const nothing = () => each<ObjectLine>();
  it.each<[string, number[], Before | undefined, boolean]>([
    ['has none', [], undefined, false],
    ['is about to begin its first', [Date.now() + HOUR_MS], undefined, false],
    ['held no more in the last one', [Date.now() - HOUR_MS], known(nothing), false],
    ['has one, and nobody knows of what', [Date.now() - HOUR_MS], undefined, true],
    ['was another one then', [Date.now() - HOUR_MS], known(nothing, 'acme-prod/other'), true],
  ])('may be without a file of a service that %s', async (_, begins, before, suspect) => {
    aiven.state.content = { tar: await withoutData(begins) };
    const { conclusion } = await takeMeasured(session, folder.path, before);
    expect(await files()).toHaveLength(2);
    const [warning] = conclusion.warnings;
    expect(warning?.code).toBe('BACKUP_WITHOUT_DATA');
    expect(/unless it is accepted, .* tag accept-shrunk=yes/.test(warning?.message ?? '')).toBe(
      suspect,
    );
    expect(conclusion.lacking).toBe(suspect);
    expect(aiven.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('leaves out files that are no part of a backup, and says so', async () => {
    aiven.switches.damage = 'stray';
    expect((await backUp()).capture.warnings).toMatchObject([{ code: 'FILES_IGNORED' }]);
    expect(await files()).toEqual(expected.members);
  });
});

interface OfficialManifest {
  meta: object;
  files: { shardID: number; fileName: string }[];
  [field: string]: unknown;
}

function asShard(shardID: number, file: OfficialManifest['files'][number]) {
  return { ...file, shardID, fileName: file.fileName.replace('.s1.', `.s${shardID}.`) };
}

/** A whole backup with another manifest, and with the shards alone that this names; what is new is shard 1. */
async function changedTar(change: (manifest: OfficialManifest) => object): Promise<string> {
  const path = join(folder.path, 'changed.tar');
  const changed = [...members].map(([name, body]) => {
    if (!name.endsWith('.manifest')) return { name, body };
    const manifest = JSON.parse(body.toString()) as OfficialManifest;
    return { name, body: Buffer.from(JSON.stringify(change(manifest))) };
  });
  const manifest = changed.find(({ name }) => name.endsWith('.manifest'))?.body.toString() ?? '';
  const named = changed.flatMap(({ name, body }) => {
    const other = name.replace('.s1.', '.s4711.');
    if (!name.endsWith('.gz') || manifest.includes(name)) return [{ name, body }];
    return manifest.includes(other) ? [{ name: other, body }] : [];
  });
  await writeFile(path, tarArchive(named));
  return path;
}

/** A backup without a file, whose metadata name a shard that begins at each of these times. */
async function withoutData(begins: number[]): Promise<string> {
  const HOUR = 3_600_000_000_000n;
  const groups = begins.map((begin, at) => {
    const start = BigInt(begin) * 1_000_000n;
    const id = at + 1;
    return { id, start, end: start + HOUR, deleted: false, truncatedAt: undefined, shards: [id] };
  });
  const rules = { duration: 0n, groupDuration: HOUR, replicas: 1, subscriptions: [] };
  const inner = composeMetadata({
    name: 'telemetry',
    defaultPolicy: 'raw',
    policies: [{ name: 'raw', ...rules, groups }],
  });
  const kept = [...members].flatMap(([name, body]) => {
    if (name.endsWith('.meta')) {
      return [{ name, body: Buffer.concat([encodeField(1, inner), encodeField(2, 0)]) }];
    }
    if (!name.endsWith('.manifest')) return [];
    const manifest = JSON.parse(body.toString()) as OfficialManifest;
    const meta = { ...manifest.meta, size: inner.length };
    return [{ name, body: Buffer.from(JSON.stringify({ ...manifest, meta, files: null })) }];
  });
  const path = join(folder.path, 'without-data.tar');
  await writeFile(path, tarArchive(kept));
  return path;
}
