import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { livingLeases } from '../../activities/catalog/leases.ts';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import { readManifest } from '../../activities/catalog/read-manifest.ts';
import { loadConfig, snapshotOf } from '../../activities/config/config.ts';
import { exportBackup, type ExportOptions } from '../../activities/export/export-backup.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { LocalWork } from '../../client/local/local-work.ts';
import { writeWholeFile } from '../../client/local/write-file.ts';
import { Output } from '../../client/terminal/output.ts';
import { members } from '../influxdb-v1/portable-backup.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startAivenWorld, TOKEN, type AivenWorld } from '../workflows/aiven-world.ts';
import { run } from './command.ts';

let world: AivenWorld;
let folder: TemporaryFolder;
let env: Record<string, string>;
let backup: string;
let sealed: string;
let identity: string;
beforeAll(async () => {
  identity = await generateIdentity();
  const recipients = [await identityToRecipient(identity)];
  world = await startAivenWorld({ sealed: { encryption: { recipients } } });
  ({ backup } = await world.holdfast.run('backup', { target: 'metrics' }));
  // This worker has no identity: what its first attempt encrypted it cannot check, and writes again.
  Object.assign(world.aiven.switches, { etag: 'weak', downloadReset: 4 });
  ({ backup: sealed } = await world.holdfast.run('backup', { target: 'sealed' }));
  env = { HOLDFAST_CONFIG: world.holdfast.configPath, [TOKEN]: 'not needed' };
});
afterAll(() => world?.stop());
beforeEach(async () => {
  await folder?.remove();
  folder = await temporaryFolder('export');
});
afterAll(() => folder?.remove());

const at = (name: string) => join(folder.path, name);
const exported = (...args: string[]) => run(['export', ...args], { env });

/** What the tool `tar` takes out of it. */
async function unpacked(tar: string): Promise<Map<string, Buffer>> {
  const place = await temporaryFolder('unpacked');
  await promisify(execFile)('tar', ['-xf', tar, '-C', place.path]);
  const files = new Map<string, Buffer>();
  for (const name of await readdir(place.path)) {
    files.set(name, await readFile(join(place.path, name)));
    expect((await stat(join(place.path, name))).mode & 0o777).toBe(0o600);
  }
  await place.remove();
  return files;
}

describe('holdfast export', () => {
  it('gives a backup its original shape back, in a file or on stdout', async () => {
    const { code, result, stderr } = await exported('metrics', '--tar', at('one.tar'), '--json');
    expect(code, stderr).toBe(0);
    const { size: bytes, mode } = await stat(at('one.tar'));
    expect(result).toEqual({
      backup,
      target: 'metrics',
      store: 'disk',
      tar: at('one.tar'),
      files: members.size,
      bytes,
      warnings: [],
    });
    expect(mode & 0o777).toBe(0o600);
    expect(await unpacked(at('one.tar'))).toEqual(new Map([...members].toSorted(byName)));

    const command = `"${process.execPath}" --import tsx client/main.ts export metrics ${backup} --tar - > "${at('two.tar')}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', command], {
      env: { ...process.env, ...env },
    });
    expect(stdout).toBe('');
    expect((await readFile(at('two.tar'))).equals(await readFile(at('one.tar')))).toBe(true);
    expect(await leases()).toEqual([]);
  });

  it('decrypts, and calls the files of a further attempt what the tool calls them', async () => {
    const config = at('with-identity.yaml');
    const parsed = JSON.parse(await readFile(world.holdfast.configPath, 'utf8')) as {
      targets: { sealed: { encryption: object } };
    };
    Object.assign(parsed.targets.sealed.encryption, { identity: { env: 'TEST_IDENTITY' } });
    await writeFile(config, JSON.stringify(parsed));
    const stored = await readdir(join(world.store, 'sealed', sealed, 'data'));
    expect(stored.filter((name) => name.endsWith('~2.tar.gz.age'))).not.toEqual([]);
    const { code, stderr } = await run(
      ['export', 'sealed', '--tar', at('open.tar'), '--config', config],
      { env: { ...env, TEST_IDENTITY: identity } },
    );
    expect(code, stderr).toBe(0);
    expect(await unpacked(at('open.tar'))).toEqual(new Map([...members].toSorted(byName)));
  });

  it('refuses a file that is there, and a tar and JSON on one stdout', async () => {
    await writeFile(at('one.tar'), 'mine');
    const { code, result } = await exported('metrics', '--tar', at('one.tar'), '--json');
    expect(code).toBe(4);
    expect(result).toMatchObject({ error: { code: 'DESTINATION_EXISTS' } });
    const both = await exported('metrics', '--tar', '-', '--json');
    expect(both.code).toBe(2);
    expect(both.result).toMatchObject({ error: { code: 'INPUT_INVALID' } });
  });
});

describe('a file that is whole or not there', () => {
  const mine = async function* () {
    yield Buffer.from('new');
  };

  it('replaces another only when it is told to', async () => {
    const path = at('one.tar');
    await writeFile(path, 'mine');
    const refused = writeWholeFile(path, mine(), { force: false });
    await expect(refused).rejects.toMatchObject({ code: 'DESTINATION_EXISTS' });
    // One that appears while it is written is not replaced either.
    const late = async function* () {
      yield* mine();
      await writeFile(at('two.tar'), 'mine');
    };
    const overtaken = writeWholeFile(at('two.tar'), late(), { force: false });
    await expect(overtaken).rejects.toMatchObject({ code: 'DESTINATION_EXISTS' });
    expect(await readFile(at('two.tar'), 'utf8')).toBe('mine');
    await writeWholeFile(path, mine(), { force: true });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await readdir(folder.path)).toSorted()).toEqual(['one.tar', 'two.tar']);
  });

  it('leaves nothing behind when the terminal is closed', async () => {
    const brokenOff = 'The export was broken off; no file was left.';
    const facts = { phase: 'exporting', artifacts: 1, brokenOff, hint: 'Start it again.' };
    using work = new LocalWork(new Output({ json: true }), facts);
    const endless = async function* () {
      yield* mine();
      await sleep(600_000, undefined, { signal: work.signal });
    };
    const written = writeWholeFile(at('one.tar'), endless(), { force: false });
    written.catch(() => undefined);
    await expect.poll(() => readdir(folder.path)).toEqual([expect.stringMatching(/\.part$/)]);
    process.emit('SIGHUP', 'SIGHUP');
    expect(work.signal.reason).toMatchObject({ code: 'CANCELLED', message: brokenOff });
    await expect(written).rejects.toThrow();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is told of where no file can be', async () => {
    const path = join(at('nowhere'), 'one.tar');
    await expect(writeWholeFile(path, mine(), { force: false })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('(ENOENT)') as string,
    });
  });
});

describe('an export', () => {
  it('of a damaged backup ends before the end mark, names the object, and leaves no file', async () => {
    const data = join(world.store, 'metrics', backup, 'data');
    // The last one: nothing but the end mark would follow.
    const name = (await readdir(data)).find((one) => one.endsWith('.manifest')) ?? '';
    await copyFile(join(data, name), at('kept'));
    await writeFile(join(data, name), (await readFile(at('kept'))).toReversed());
    const pieces: Uint8Array[] = [];
    const passing = async function* (tar: AsyncIterable<Uint8Array>) {
      for await (const piece of tar) {
        pieces.push(piece);
        yield piece;
      }
    };
    await reading(async (options) => {
      const failed = exportBackup(options, (tar) =>
        writeWholeFile(at('one.tar'), passing(tar), { force: false }),
      );
      await expect(failed).rejects.toMatchObject({
        code: 'BACKUP_DAMAGED',
        message: expect.stringContaining(name) as string,
      });
    });
    await copyFile(at('kept'), join(data, name));
    expect(Buffer.concat(pieces).includes(Buffer.alloc(1024))).toBe(false);
    expect(await readdir(folder.path)).toEqual(['kept']);
    expect(await leases()).toEqual([]);
  });

  it('of an encrypted backup is refused where there is no identity, before anything is written', async () => {
    await reading(async (options) => {
      const lost = exportBackup(options, () => Promise.reject(new Error('It was begun.')));
      await expect(lost).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
    }, 'sealed');
  });

  it('is seen by whoever would delete the backup', async () => {
    await reading(async (options) => {
      const seen = await exportBackup(options, () => leases());
      expect(seen.result).toMatchObject([{ operation: 'export' }]);
      expect(seen.warnings).toEqual([]);
    });
    expect(await leases()).toEqual([]);
  });

  it.each([
    ['that may only be read', 'STORE_DENIED'],
    ['that is full', 'STORE_FULL'],
  ] as const)('is made also from a store %s, and says so', async (_, code) => {
    await reading(async (options) => {
      options.store.overwrite = () => Promise.reject(new HoldfastError(code, 'No.'));
      const { result, warnings } = await exportBackup(options, drain);
      expect(result).toBeGreaterThan(10_000);
      expect(warnings).toMatchObject([{ code: 'EXPORT_NOT_LEASED' }]);
    });
  });

  it('ends when it is told to, and leaves no lease', async () => {
    await reading(async (options) => {
      const stop = new AbortController();
      const onFile = () => stop.abort(new Error('enough'));
      const ended = exportBackup({ ...options, onFile, signal: stop.signal }, drain);
      await expect(ended).rejects.toThrow('enough');
    });
    expect(await leases()).toEqual([]);
  });

  it('is none of what a database wrote by itself', async () => {
    await reading(async (options) => {
      const delegated = {} as NonNullable<Manifest['delegated']>;
      const manifest = { ...options.manifest, delegated };
      await expect(exportBackup({ ...options, manifest }, drain)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    });
  });
});

async function drain(tar: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of tar) bytes += chunk.length;
  return bytes;
}

async function reading<T>(
  work: (options: ExportOptions) => Promise<T>,
  target = 'metrics',
): Promise<T> {
  const resources = createStoreResources();
  const snapshot = snapshotOf(await loadConfig({ path: world.holdfast.configPath }), target);
  const store = openStore(snapshot.store, resources);
  try {
    const id = target === 'sealed' ? sealed : backup;
    const manifest = await readManifest(store, target, id);
    const { signal } = new AbortController();
    const nobody = { onBytes: () => undefined, onFile: () => undefined };
    return await work({ store, snapshot, manifest, signal, ...nobody });
  } finally {
    await store.close();
    await resources.close();
  }
}

function leases() {
  return reading(({ store }) => livingLeases(store, { target: 'metrics', backup }));
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
