import { gzipSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { createOpener } from '../../activities/pipeline/age/opener.ts';
import { createSealer } from '../../activities/pipeline/age/sealer.ts';
import { openArtifact } from '../../activities/pipeline/open-artifact.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { Secret } from '../../activities/secrets.ts';
import { artifactOf, backupFolder, FOLDER, storing } from './backup-folder.ts';
import { bytesOf, collect, inChunks, sha256 } from './streams.ts';
import { tarArchive } from './tar-archive.ts';

const tar = tarArchive([
  { name: 'a.tsm', body: bytesOf(150_000) },
  { name: 'b.tsm', body: bytesOf(90_000, 2) },
]);
const identity = await generateX25519Identity();
const sealer = await createSealer([await identityToRecipient(identity)]);
const opener = await createOpener(new Secret(identity));
const signal = new AbortController().signal;

test('begins again in parts when a stream proves too long for one object', async () => {
  await using backup = await backupFolder({ maxObjectSize: 100_000 });
  let opened = 0;
  let bytes = 0;
  const lines = await storeArtifact(
    storing(backup.store, artifactOf('tar'), tar, {
      open: async () => {
        opened++;
        return { codec: 'identity', body: inChunks(tar, 30_000) };
      },
      onBytes: (more) => void (bytes += more),
    }),
  );
  expect(opened).toBe(2);
  expect(bytes).toBe(tar.length);
  expect(await backup.objects()).toEqual(lines.map((line) => line.path));
  expect(lines).toMatchObject([
    { path: 'data/x.1.tar.000', bytes: 100_000, part: { of: 'x.1.tar', index: 0, count: 3 } },
    { path: 'data/x.1.tar.001', bytes: 100_000, part: { index: 1 } },
    { path: 'data/x.1.tar.002', bytes: tar.length - 200_000, part: { index: 2 } },
  ]);
  expect(lines.map((line) => line.entries?.length)).toEqual([2, undefined, undefined]);
  const options = { store: backup.store, folder: FOLDER, lines: lines.toReversed(), signal };
  expect((await collect(openArtifact(options))).equals(tar)).toBe(true);
});

test('splits from the start what is too long only once it is encrypted', async () => {
  await using backup = await backupFolder({ maxObjectSize: tar.length });
  let opened = 0;
  const artifact = artifactOf('tar', { storedBytes: tar.length });
  const open = async () => {
    opened++;
    return { codec: 'identity' as const, body: inChunks(tar, 65_536) };
  };
  const options = storing(backup.store, artifact, tar, { open, sealer });
  expect(await storeArtifact(options)).toHaveLength(2);
  expect(opened).toBe(1);
});

test('splits from the start when the length is announced', async () => {
  await using backup = await backupFolder({ maxObjectSize: 100_000 });
  let opened = 0;
  const artifact = artifactOf('tar', { bytes: tar.length });
  const open = async () => {
    opened++;
    return { codec: 'identity' as const, body: inChunks(tar, 65_536) };
  };
  expect(await storeArtifact(storing(backup.store, artifact, tar, { open }))).toHaveLength(3);
  expect(opened).toBe(1);
});

test('a stream that fits exactly is neither split nor followed by an empty part', async () => {
  await using exact = await backupFolder({ maxObjectSize: tar.length });
  expect(await storeArtifact(storing(exact.store, artifactOf('tar'), tar))).toMatchObject([
    { path: 'data/x.1.tar' },
  ]);
  const half = tar.length / 2;
  await using halves = await backupFolder({ maxObjectSize: half });
  const lines = await storeArtifact(storing(halves.store, artifactOf('tar'), tar));
  expect(lines.map((line) => line.bytes)).toEqual([half, half]);
});

test('each encrypted part is an age file of its own, as long as an object may be', async () => {
  await using backup = await backupFolder({ maxObjectSize: 100_000 });
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar, { sealer }));
  expect(lines.map((line) => line.path)).toEqual([
    'data/x.1.tar.age.000',
    'data/x.1.tar.age.001',
    'data/x.1.tar.age.002',
  ]);
  let at = 0;
  for (const line of lines) {
    expect(line.bytes).toBeLessThanOrEqual(100_000);
    const plain = await collect(opener.open(backup.store.read(FOLDER + line.path)));
    expect(line.plain).toEqual({ bytes: plain.length, sha256: sha256(plain) });
    expect(plain.equals(tar.subarray(at, at + plain.length))).toBe(true);
    at += plain.length;
  }
  expect(at).toBe(tar.length);
  const options = { store: backup.store, folder: FOLDER, lines, opener, signal };
  expect((await collect(openArtifact(options))).equals(tar)).toBe(true);
});

test('a gzip is split as it comes and inflated as one', async () => {
  await using backup = await backupFolder({ maxObjectSize: 50_000 });
  const gzip = gzipSync(tar);
  const lines = await storeArtifact(
    storing(backup.store, artifactOf('tar'), gzip, { codec: 'gzip', sealer, chunk: 999 }),
  );
  expect(lines.length).toBeGreaterThan(2);
  const options = { store: backup.store, folder: FOLDER, lines, opener, signal };
  const plain = await collect(openArtifact({ ...options, decompress: true }));
  expect(plain.equals(tar)).toBe(true);
});

test('a fault at the very end is found before the last part appears', async () => {
  await using backup = await backupFolder({ maxObjectSize: 100_000 });
  const cut = tar.subarray(0, tar.length - 1);
  const artifact = artifactOf('tar', { bytes: tar.length });
  const storingIt = storeArtifact(storing(backup.store, artifact, cut));
  await expect(storingIt).rejects.toMatchObject({ code: 'SOURCE_TRUNCATED' });
  expect(await backup.objects()).toEqual(['data/x.1.tar.000', 'data/x.1.tar.001']);
});

test('missing, double and foreign parts are refused before anything is read', async () => {
  await using backup = await backupFolder({ maxObjectSize: 100_000 });
  const stored = await storeArtifact(storing(backup.store, artifactOf('tar'), tar));
  const [a, b, c] = stored as [ObjectLine, ObjectLine, ObjectLine];
  for (const lines of [[a, c], [a, b], [a, b, b], [a, b, c, c], []]) {
    expect(() => openArtifact({ store: backup.store, folder: FOLDER, lines, signal })).toThrow(
      expect.objectContaining({ code: 'BACKUP_DAMAGED' }),
    );
  }
});
