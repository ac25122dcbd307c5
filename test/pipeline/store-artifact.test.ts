import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openArtifact } from '../../activities/pipeline/open-artifact.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { artifactOf, backupFolder, FOLDER, storing } from './backup-folder.ts';
import { bytesOf, collect, inChunks, sha256 } from './streams.ts';
import { END_MARK, tarArchive } from './tar-archive.ts';

const files = [
  { name: 'a/000000001-000000001.tsm', body: bytesOf(70_000) },
  { name: 'a/000000001-000000001.tombstone', body: bytesOf(3) },
  { name: 'a/empty', body: new Uint8Array(0) },
];
const tar = tarArchive(files);
const signal = new AbortController().signal;

test('stores a tar as it comes, and lists its files with their hashes', async () => {
  await using backup = await backupFolder();
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar));
  expect(lines).toEqual([
    {
      path: 'data/x.1.tar',
      bytes: tar.length,
      sha256: sha256(tar),
      codec: 'identity',
      encrypted: false,
      role: 'shard',
      subject: 'telemetry/shard 1',
      entries: files.map(({ name, body }) => ({ name, bytes: body.length, sha256: sha256(body) })),
    },
  ]);
  const opened = openArtifact({ store: backup.store, folder: FOLDER, lines, signal });
  expect(await collect(opened)).toEqual(tar);
});

test('takes an empty shard, which is nothing but an end mark', async () => {
  await using backup = await backupFolder();
  const [line] = await storeArtifact(storing(backup.store, artifactOf('tar'), END_MARK));
  expect(line).toMatchObject({ bytes: 1024, entries: [] });
});

test('stores a gzip as it comes, and checks what is inside', async () => {
  await using backup = await backupFolder();
  const bytes = gzipSync(tar);
  const lines = await storeArtifact(
    storing(backup.store, artifactOf('tar'), bytes, { codec: 'gzip', chunk: 1000 }),
  );
  expect(lines).toMatchObject([
    { path: 'data/x.1.tar.gz', sha256: sha256(bytes), codec: 'gzip', entries: [{}, {}, {}] },
  ]);
  const options = { store: backup.store, folder: FOLDER, lines, signal };
  expect(await collect(openArtifact(options))).toEqual(bytes);
  expect(await collect(openArtifact({ ...options, decompress: true }))).toEqual(tar);
});

test('is content when the source no longer has the artifact', async () => {
  await using backup = await backupFolder();
  const options = storing(backup.store, artifactOf('tar'), tar, { open: async () => 'gone' });
  expect(await storeArtifact(options)).toEqual([]);
  expect(await backup.objects()).toEqual([]);
});

test('counts the plain bytes as they pass', async () => {
  await using backup = await backupFolder();
  let bytes = 0;
  const onBytes = (more: number) => void (bytes += more);
  await storeArtifact(storing(backup.store, artifactOf('tar'), tar, { onBytes }));
  expect(bytes).toBe(tar.length);
});

test('names the artifact and the cause when the connection breaks, and stores nothing', async () => {
  await using backup = await backupFolder();
  const open = async () => ({
    codec: 'identity' as const,
    body: (async function* () {
      yield tar.subarray(0, 600);
      throw new Error('other side closed');
    })(),
  });
  const options = storing(backup.store, artifactOf('tar'), tar, { open });
  await expect(storeArtifact(options)).rejects.toMatchObject({
    code: 'SOURCE_TRUNCATED',
    message:
      'The connection broke off while the database sent telemetry/shard 1, after 600 bytes (other side closed).',
  });
  expect(await backup.objects()).toEqual([]);
});

test('does not count bytes that had to be given up', async () => {
  await using backup = await backupFolder();
  let bytes = 0;
  const onBytes = (more: number) => void (bytes += more);
  const options = storing(backup.store, artifactOf('tar'), tar.subarray(0, 2000), { onBytes });
  await expect(storeArtifact(options)).rejects.toThrow();
  expect(bytes).toBe(0);
});

test('stores any number of chunks of any size alike', async () => {
  for (const chunk of [1, 7, 511, 512, 513, 4096, 1_000_000]) {
    await using backup = await backupFolder();
    const options = storing(backup.store, artifactOf('tar'), tar, {
      open: async () => ({ codec: 'identity', body: inChunks(tar, chunk) }),
    });
    const [line] = await storeArtifact(options);
    expect(line).toMatchObject({ sha256: sha256(tar), entries: [{}, {}, {}] });
  }
});
