import { gzipSync } from 'node:zlib';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import type { Entry, ObjectLine } from '../../activities/catalog/manifest.ts';
import { createOpener } from '../../activities/pipeline/age/opener.ts';
import { createSealer } from '../../activities/pipeline/age/sealer.ts';
import { checkArtifact } from '../../activities/pipeline/check-artifact.ts';
import { openArtifact } from '../../activities/pipeline/open-artifact.ts';
import { checkObjects } from '../../activities/restore/check-objects.ts';
import { checkQuick } from '../../activities/verify/check-quick.ts';
import type { BackupReader } from '../../activities/products/product.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { Secret } from '../../activities/secrets.ts';
import { artifactOf, backupFolder, FOLDER, nth, storing } from './backup-folder.ts';
import { bytesOf, collect, sha256 } from './streams.ts';
import { tarArchive } from './tar-archive.ts';

const tar = tarArchive([
  { name: 'a.tsm', body: bytesOf(150_000) },
  { name: 'b.tsm', body: bytesOf(9, 2) },
]);
const identity = await generateX25519Identity();
const sealer = await createSealer([await identityToRecipient(identity)]);
const opener = await createOpener(new Secret(identity));
const stranger = await createOpener(new Secret(await generateX25519Identity()));
const signal = new AbortController().signal;

type Backup = Awaited<ReturnType<typeof backupFolder>>;

async function change(backup: Backup, line: ObjectLine, edit: (bytes: Buffer) => Buffer) {
  const path = join(backup.path, FOLDER, line.path);
  await writeFile(path, edit(await readFile(path)));
}

const flip = (at: number) => (bytes: Buffer) => {
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes;
};

const kinds = {
  plain: {},
  gzip: { codec: 'gzip' as const },
  encrypted: { sealer },
  'gzip and encrypted': { codec: 'gzip' as const, sealer },
};

test.each(Object.entries(kinds))('%s: a flipped bit anywhere is told', async (_kind, more) => {
  await using backup = await backupFolder();
  const bytes = 'codec' in more ? gzipSync(tar) : tar;
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), bytes, more));
  const line = nth(lines, 0);
  const options = { store: backup.store, folder: FOLDER, lines, opener, signal };
  const sound = { findings: [], bytes: line.bytes, onlyHashed: 0, forOthers: 0 };
  expect(await checkArtifact(options)).toEqual(sound);
  for (const at of [0, 30, 80, 190, 230, 600, 70_000, 100_000, -9, -1]) {
    await change(backup, line, flip(at));
    for (const decompress of [false, true]) {
      const opened = collect(openArtifact({ ...options, decompress }));
      await expect(opened, `byte ${at}`).rejects.toMatchObject({
        code: 'BACKUP_DAMAGED',
        message: expect.stringContaining(line.path),
      });
    }
    const { findings } = await checkArtifact(options);
    expect(findings, `byte ${at}`).toEqual([
      {
        code: 'BACKUP_DAMAGED',
        object: line.path,
        message: `${line.path} has another SHA-256 than the manifest says.`,
      },
    ]);
    await change(backup, line, flip(at));
  }
});

test('a cut, a longer and a missing object are told', async () => {
  await using backup = await backupFolder();
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar, { sealer }));
  const line = nth(lines, 0);
  const options = { store: backup.store, folder: FOLDER, lines, opener, signal };
  await change(backup, line, (bytes) => bytes.subarray(0, -1));
  await expect(collect(openArtifact(options))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect((await checkArtifact(options)).findings).toMatchObject([
    { message: expect.stringContaining(`has ${line.bytes - 1} bytes`) },
  ]);
  await change(backup, line, (bytes) => Buffer.concat([bytes, Buffer.alloc(2)]));
  await expect(collect(openArtifact(options))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  await backup.store.remove([FOLDER + line.path]);
  await expect(collect(openArtifact(options))).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
  expect((await checkArtifact(options)).findings).toMatchObject([
    { code: 'OBJECT_MISSING', object: line.path },
  ]);
});

test('one damage does not hide the next', async () => {
  await using backup = await backupFolder({ maxObjectSize: 40_000 });
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar));
  await change(backup, nth(lines, 0), flip(5));
  await backup.store.remove([FOLDER + nth(lines, 1).path]);
  await change(backup, nth(lines, 3), (bytes) => bytes.subarray(0, 9));
  const check = await checkArtifact({ store: backup.store, folder: FOLDER, lines, signal });
  expect(check.findings.map(({ code, object }) => [code, object])).toEqual([
    ['BACKUP_DAMAGED', nth(lines, 0).path],
    ['OBJECT_MISSING', nth(lines, 1).path],
    ['BACKUP_DAMAGED', nth(lines, 3).path],
  ]);
  const incomplete = lines.slice(1);
  const other = await checkArtifact({
    store: backup.store,
    folder: FOLDER,
    lines: incomplete,
    signal,
  });
  expect(other.findings).toHaveLength(3);
});

test('swapped parts are told', async () => {
  await using backup = await backupFolder({ maxObjectSize: 60_000 });
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar));
  const swapped = lines.map((line, index) => ({
    ...line,
    path: nth(lines, nth([1, 0, 2], index)).path,
  }));
  const options = { store: backup.store, folder: FOLDER, lines: swapped, signal };
  await expect(collect(openArtifact(options))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
});

test('a manifest that lies about the plain bytes or the files is told', async () => {
  await using backup = await backupFolder();
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar, { sealer }));
  const line = nth(lines, 0);
  const options = { store: backup.store, folder: FOLDER, opener, signal };
  const plain = { bytes: tar.length, sha256: sha256(bytesOf(1)) };
  const lied = { ...options, lines: [{ ...line, plain }] };
  await expect(collect(openArtifact(lied))).rejects.toThrow('decrypts to something else');
  expect((await checkArtifact(lied)).findings).toHaveLength(1);
  const [a, b] = line.entries as [Entry, Entry];
  for (const entries of [
    [a],
    [a, b, b],
    [b, a],
    [a, { ...b, bytes: 10 }],
    [{ ...a, sha256: b.sha256 }, b],
  ]) {
    const { findings } = await checkArtifact({ ...options, lines: [{ ...line, entries }] });
    expect(findings.length).toBeGreaterThan(0);
  }
});

test('without an identity, encrypted objects are only hashed, and not opened', async () => {
  await using backup = await backupFolder();
  // Long enough that nothing reads it in one go.
  const long = tarArchive([{ name: 'a.tsm', body: bytesOf(5_000_000) }]);
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), long, { sealer }));
  const options = { store: backup.store, folder: FOLDER, lines, signal };
  expect(await checkArtifact(options)).toEqual({
    findings: [],
    bytes: nth(lines, 0).bytes,
    onlyHashed: 1,
    forOthers: 0,
  });
  await expect(collect(openArtifact(options))).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
  const other = { ...options, opener: stranger };
  await expect(collect(openArtifact(other))).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
  expect(await checkArtifact(other)).toMatchObject({ findings: [], onlyHashed: 1, forOthers: 1 });
  await change(backup, nth(lines, 0), flip(60));
  await expect(collect(openArtifact(other))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(await checkArtifact(options)).toMatchObject({ findings: [{ code: 'BACKUP_DAMAGED' }] });
  expect(await checkArtifact(other)).toMatchObject({ findings: [{ code: 'BACKUP_DAMAGED' }] });
});

test('reads an object of an earlier backup of the same target, and of no other', async () => {
  await using backup = await backupFolder();
  const line = nth(await storeArtifact(storing(backup.store, artifactOf('tar'), tar)), 0);
  const folder = 'metrics/2026-11-21t02-00-00z-aaaaaa/';
  const from = `../${FOLDER.split('/')[1]}/${line.path}`;
  const lines = [{ ...line, path: 'data/other.tar', from }];
  const options = { store: backup.store, folder, lines, signal };
  expect((await collect(openArtifact(options))).equals(tar)).toBe(true);
  for (const bad of [
    '../../secrets/data/x',
    '/etc/passwd',
    '../..',
    '..',
    '../a/../../x/y',
    'a\\..\\..\\b',
  ]) {
    const outside = { ...options, lines: [{ ...line, from: bad }] };
    await expect(collect(openArtifact(outside)), bad).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
    });
    const damaged = [{ code: 'BACKUP_DAMAGED', message: expect.stringContaining('outside') }];
    expect((await checkArtifact(outside)).findings, bad).toMatchObject(damaged);
    const escaped = { ...line, from: bad };
    expect(await checkQuick(backup.store, folder, escaped, signal)).toMatchObject(damaged);
    const reader = {
      manifest: { target: 'metrics', id: '2026-11-21t02-00-00z-aaaaaa' },
      objects: async function* () {
        yield escaped;
      },
    } as unknown as BackupReader;
    await expect(checkObjects(backup.store, reader, signal), bad).rejects.toMatchObject(
      damaged[0]!,
    );
  }
  const escaping = { ...options, lines: [{ ...line, path: '../other/x' }] };
  await expect(collect(openArtifact(escaping))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
});

test('a reader that leaves a compressed artifact early ends the reading', async () => {
  await using backup = await backupFolder();
  const zeros = tarArchive([{ name: 'z', body: Buffer.alloc(30_000_000) }]);
  const options = { codec: 'gzip' as const, chunk: 1000 };
  const lines = await storeArtifact(
    storing(backup.store, artifactOf('tar'), gzipSync(zeros), options),
  );
  const opened = openArtifact({
    store: backup.store,
    folder: FOLDER,
    lines,
    signal,
    decompress: true,
  });
  let first = 0;
  for await (const chunk of opened) {
    first = chunk.length;
    break;
  }
  expect(first).toBeGreaterThan(0);
});

test('bytes after a gzip, and a gzip that is cut, are told although every hash agrees', async () => {
  await using backup = await backupFolder();
  const gzip = gzipSync(tar);
  const bodies = [Buffer.concat([gzip, Buffer.alloc(4)]), gzip.subarray(0, -4), tar];
  for (const [index, bytes] of bodies.entries()) {
    const path = `data/${index}.tar.gz`;
    await backup.store.put(FOLDER + path, bytes);
    const line = { path, bytes: bytes.length, sha256: sha256(bytes), codec: 'gzip' as const };
    const lines = [{ ...line, encrypted: false, role: 'shard', subject: 'x', entries: [] }];
    const options = { store: backup.store, folder: FOLDER, lines, signal };
    const opened = collect(openArtifact({ ...options, decompress: true }));
    await expect(opened).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
      message: expect.stringContaining('gzip'),
    });
    expect((await checkArtifact(options)).findings).toHaveLength(1);
  }
});

test('a store that cannot be read is thrown, and no finding', async () => {
  await using backup = await backupFolder();
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar));
  const aborted = AbortSignal.abort(new Error('stop'));
  const options = { store: backup.store, folder: FOLDER, lines };
  await expect(checkArtifact({ ...options, signal: aborted })).rejects.toThrow();
});
