import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { namingEarlier, type Naming } from '../../activities/backup/name-earlier.ts';
import { findBackup } from '../../activities/catalog/find-backup.ts';
import { LEASE_RENEWAL_MS, livingLeases } from '../../activities/catalog/leases.ts';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { readObjects } from '../../activities/catalog/objects.ts';
import { readManifest } from '../../activities/catalog/read-manifest.ts';
import { loadConfig, snapshotOf } from '../../activities/config/config.ts';
import { exportBackup } from '../../activities/export/export-backup.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import type { BackupJob } from '../../workflows/contract/activities.ts';
import { members } from '../influxdb-v1/portable-backup.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { unpackTar } from '../simulators/aiven-influxdb/tar.ts';
import { startAivenWorld, type AivenWorld } from './aiven-world.ts';
import { causeOf } from './world.ts';

let world: AivenWorld;
let recipients: string[];
const resources = createStoreResources();
let store: Store;

beforeAll(async () => {
  recipients = await Promise.all(
    [0, 1].map(async () => identityToRecipient(await generateIdentity())),
  );
  world = await startAivenWorld({
    sealed: { encryption: { recipients: recipients.slice(0, 1) } },
    damaged: {},
    rotten: {},
  });
  store = openStore({ name: 'disk', type: 'directory', path: world.store }, resources);
});
afterAll(async () => {
  await store?.close();
  await resources.close();
  await world?.stop();
});

const backUp = async (target = 'metrics', more: object = {}) =>
  (await world.holdfast.run('backup', { target, ...more })).backup;

async function linesOf(backup: string, target = 'metrics'): Promise<ObjectLine[]> {
  const lines: ObjectLine[] = [];
  const manifest = await readManifest(store, target, backup);
  for await (const line of readObjects(store, manifest)) lines.push(line);
  return lines;
}

const named = (lines: ObjectLine[]) => lines.filter(({ from }) => from !== undefined);

/** As the service has it on another day: other names, also in each gzip, and one shard with another content. */
async function nextDay(day: string, changed?: string): Promise<Map<string, Buffer>> {
  const rename = (text: string) => text.replaceAll(/\d{8}(?=T\d{6}Z)/g, day);
  const made = [...members].map(([name, bytes]): [string, Buffer] => {
    if (name.endsWith('.manifest')) return [rename(name), Buffer.from(rename(bytes.toString()))];
    if (!name.endsWith('.tar.gz')) return [rename(name), bytes];
    const tar = gunzipSync(bytes);
    // In the first file: behind its header.
    if (name.endsWith(`.${changed}.tar.gz`)) tar[600] = (tar[600] ?? 0) ^ 1;
    return [rename(name), gzipSync(tar, { level: 1 })];
  });
  const path = join(world.holdfast.folder, `${day}.tar`);
  await writeFile(path, tarArchive(made.map(([name, body]) => ({ name, body }))));
  world.aiven.state.content = { tar: path };
  return new Map(made);
}

test('a backup keeps only the shards that changed, and names the others where they lie', async () => {
  const first = await backUp();
  const content = await nextDay('20300102', 's1');
  const second = await backUp();
  const lines = await linesOf(second);
  expect(lines).toHaveLength(members.size);
  const own = lines.filter(({ from }) => from === undefined);
  expect(own.map(({ path }) => path.replace(/.*Z\./, '')).toSorted()).toEqual(
    ['manifest', 'meta', 's1.tar.gz'].toSorted(),
  );
  expect(await world.data(second)).toEqual(own.map(({ path }) => path.slice(5)).toSorted());
  const { totals } = await readManifest(store, 'metrics', second);
  expect(totals.newBytes).toBe(own.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(totals.objects).toBe(members.size);

  // The third names the first's objects, not the second's names of them.
  await nextDay('20300103', 's1');
  const third = await backUp();
  const owners = new Set(named(await linesOf(third)).map(({ from }) => from?.split('/')[1]));
  expect(owners).toEqual(new Set([first, second]));
  expect(await leases(first)).toEqual([]);

  for (const backup of [second, third]) {
    const verified = await world.holdfast.run('verify', {
      target: 'metrics',
      backup,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, findings: [] });
  }
  const taken = await exportedOf(second);
  expect([...taken.keys()].toSorted()).toEqual([...content.keys()].toSorted());
  for (const [name, bytes] of content) {
    const plain = (body: Buffer) => (name.endsWith('.gz') ? gunzipSync(body) : body);
    expect(plain(taken.get(name) ?? Buffer.alloc(0)).equals(plain(bytes)), name).toBe(true);
  }

  const remove = (backup: string) =>
    world.holdfast.run('delete', { target: 'metrics', backup, confirm: backup }).catch(causeOf);
  expect(await remove(first)).toMatchObject({ type: 'BACKUP_NEEDED' });
  expect(await remove(second)).toMatchObject({ type: 'BACKUP_NEEDED' });
  expect(await remove(third)).toMatchObject({ backup: third });
  expect(await remove(second)).toMatchObject({ backup: second });
  expect(await remove(first)).toMatchObject({ backup: first });
});

test('a full backup names nothing', async () => {
  await backUp('twin');
  const full = await backUp('twin', { full: true });
  expect(named(await linesOf(full, 'twin'))).toEqual([]);
  expect(named(await linesOf(await backUp('twin'), 'twin'))).not.toEqual([]);
});

test('what is encrypted is named for the same recipients alone', async () => {
  await backUp('sealed');
  const second = await backUp('sealed');
  expect(named(await linesOf(second, 'sealed'))).toHaveLength(9);
  const config = JSON.parse(await readFile(world.holdfast.configPath, 'utf8')) as {
    targets: { sealed: { encryption: object } };
  };
  config.targets.sealed.encryption = { recipients };
  await world.holdfast.configure(config);
  expect(named(await linesOf(await backUp('sealed'), 'sealed'))).toEqual([]);
});

test('nothing of a backup that was found damaged, or is not there as it was, is named', async () => {
  const first = await backUp('damaged');
  const second = await backUp('damaged');
  const data = join(world.store, 'damaged', first, 'data');
  const [gone = '', bad = ''] = (await readdir(data)).filter((name) => name.endsWith('.gz'));
  await writeFile(join(data, gone), '');
  const third = await linesOf(await backUp('damaged'), 'damaged');
  expect(named(third).map(({ path }) => path)).not.toContain(`data/${gone}`);
  expect(named(third)).toHaveLength(8);

  await writeFile(join(data, bad), (await readFile(join(data, bad))).toReversed());
  const verify = { target: 'damaged', backup: first, depth: 'deep' } as const;
  expect(await world.holdfast.run('verify', verify)).toMatchObject({ ok: false });
  const owners = named(await linesOf(await backUp('damaged'), 'damaged')).map(({ from }) => from);
  expect(owners.filter((from) => from?.includes(first))).toEqual([]);
  expect(second).not.toBe(first);
});

test('what a verify of one backup finds damaged is named by no other, and `latest` passes over those that name it', async () => {
  const [first, second, third] = [
    await backUp('rotten'),
    await backUp('rotten'),
    await backUp('rotten'),
  ];
  const data = join(world.store, 'rotten', first, 'data');
  const bad = (await readdir(data)).find((name) => name.endsWith('.gz')) ?? '';
  const sound = await readFile(join(data, bad));
  await writeFile(join(data, bad), Buffer.from(sound).toReversed());
  const verify = (backup: string) =>
    world.holdfast.run('verify', { target: 'rotten', backup, depth: 'deep' });
  expect(await verify(second)).toMatchObject({ ok: false, findings: [{}] });

  const found = findBackup(store, 'rotten', 'latest').catch((error: Error) => error.message);
  expect(await found).toContain(`${third}: it names rotten/${first}/data/${bad}`);
  const fourth = await backUp('rotten');
  expect(named(await linesOf(fourth, 'rotten')).filter(({ from }) => from?.includes(bad))).toEqual(
    [],
  );
  expect(await verify(fourth)).toMatchObject({ ok: true });
  expect((await findBackup(store, 'rotten', 'latest')).manifest.id).toBe(fourth);

  await writeFile(join(data, bad), sound);
  expect(await verify(first)).toMatchObject({ ok: true });
  await world.holdfast.run('delete', { target: 'rotten', backup: fourth, confirm: fourth });
  expect((await findBackup(store, 'rotten', 'latest')).manifest.id).toBe(third);
});

test('the earlier backup is leased until the commit is done, and not named when it is being deleted', async () => {
  const earlier = await backUp('twin', { full: true });
  const lines = await linesOf(earlier, 'twin');
  const snapshot = snapshotOf(await loadConfig({ path: world.holdfast.configPath }), 'twin');
  const run = { workflowId: 'backup/twin/now', runId: 'r', namespace: '', cluster: '' };
  const job = { snapshot, backup: '2099-01-01t00-00-00z-000000', run } as unknown as BackupJob;
  const { signal } = new AbortController();
  const naming: Naming = { store, job, readers: undefined, number: 1, signal };
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await namingEarlier(naming, lines, async (given) => {
    expect(named(given)).toHaveLength(9);
    // What scripts rely on: these come first.
    expect(Object.keys(named(given)[0] ?? {}).slice(0, 4)).toEqual([
      'path',
      'bytes',
      'sha256',
      'from',
    ]);
    const [lease] = await leases(earlier, 'twin');
    expect(lease).toMatchObject({ operation: 'backup' });
    vi.advanceTimersByTime(LEASE_RENEWAL_MS);
    const until = async () => (await leases(earlier, 'twin'))[0]?.until ?? lease?.until;
    await expect.poll(until).not.toBe(lease?.until);
  }).finally(() => vi.useRealTimers());
  expect(await leases(earlier, 'twin')).toEqual([]);

  const deleting = join(world.store, 'twin', earlier, 'deleting.json');
  const overwrite = store.overwrite.bind(store);
  // Whoever deletes it begins just when the lease is written.
  store.overwrite = async (...args) => {
    await writeFile(deleting, '{}');
    return overwrite(...args);
  };
  const given = await namingEarlier(naming, lines, (all) => Promise.resolve(all));
  expect(given).toEqual(lines);
});

function leases(backup: string, target = 'metrics') {
  return livingLeases(store, { target, backup });
}

async function exportedOf(backup: string): Promise<Map<string, Buffer>> {
  const snapshot = snapshotOf(await loadConfig({ path: world.holdfast.configPath }), 'metrics');
  const manifest = await readManifest(store, 'metrics', backup);
  const { signal } = new AbortController();
  const nobody = { onBytes: () => undefined, onFile: () => undefined };
  const pieces: Uint8Array[] = [];
  await exportBackup({ store, snapshot, manifest, signal, ...nobody }, async (tar) => {
    for await (const piece of tar) pieces.push(piece);
  });
  const files = unpackTar(Buffer.concat(pieces));
  return new Map(files.map(({ name, body }) => [name, body]));
}
