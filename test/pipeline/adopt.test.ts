import { gzipSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import { createOpener } from '../../activities/pipeline/age/opener.ts';
import { createSealer } from '../../activities/pipeline/age/sealer.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { Secret } from '../../activities/secrets.ts';
import { artifactOf, backupFolder, FOLDER, nth, storing } from './backup-folder.ts';
import { bytesOf, inChunks } from './streams.ts';
import { tarArchive } from './tar-archive.ts';

const tar = tarArchive([{ name: 'a.tsm', body: bytesOf(150_000) }]);
const other = tarArchive([{ name: 'a.tsm', body: bytesOf(150_000, 2) }]);
const identity = await generateX25519Identity();
const sealer = await createSealer([await identityToRecipient(identity)]);
const opener = await createOpener(new Secret(identity));
const artifact = artifactOf('tar');

const never = () => Promise.reject(new Error('the source was opened'));
const small = (seed: number) => tarArchive([{ name: 's', body: bytesOf(10, seed) }]);

test('takes what an earlier attempt stored, without asking the source', async () => {
  await using backup = await backupFolder();
  const options = storing(backup.store, artifact, tar);
  const first = await storeArtifact(options);
  expect(await storeArtifact({ ...options, open: never })).toEqual(first);
  expect(await backup.objects()).toEqual(['data/x.1.tar']);
});

test('takes an earlier gzip, split and encrypted, when it can be read here', async () => {
  for (const maxObjectSize of [20_000, 10_000_000]) {
    await using backup = await backupFolder({ maxObjectSize });
    const options = { codec: 'gzip' as const, sealer, opener };
    const storingIt = storing(backup.store, artifact, gzipSync(tar), options);
    const first = await storeArtifact(storingIt);
    expect(await storeArtifact({ ...storingIt, open: never })).toEqual(first);
  }
});

test('counts what it takes over as done', async () => {
  await using backup = await backupFolder();
  const options = storing(backup.store, artifact, tar);
  await storeArtifact(options);
  let bytes = 0;
  await storeArtifact({ ...options, open: never, onBytes: (more) => void (bytes += more) });
  expect(bytes).toBe(tar.length);
});

test('writes a further attempt beside a bad object, and takes that one the next time', async () => {
  await using backup = await backupFolder();
  await backup.store.put(`${FOLDER}data/x.1.tar`, tar.subarray(0, 5000));
  const options = storing(backup.store, artifact, tar);
  const lines = await storeArtifact(options);
  expect(lines).toMatchObject([{ path: 'data/x.1~2.tar', bytes: tar.length, entries: [{}] }]);
  expect(await storeArtifact({ ...options, open: never })).toEqual(lines);
  expect(await backup.objects()).toEqual(['data/x.1.tar', 'data/x.1~2.tar']);
});

test('writes a further attempt beside an encrypted object that this host cannot read', async () => {
  await using backup = await backupFolder();
  const options = storing(backup.store, artifact, tar, { sealer });
  await storeArtifact(options);
  expect(await storeArtifact(options)).toMatchObject([{ path: 'data/x.1~2.tar.age' }]);
  expect(await storeArtifact(options)).toMatchObject([{ path: 'data/x.1~3.tar.age' }]);
  const stranger = await createOpener(new Secret(await generateX25519Identity()));
  expect(await storeArtifact({ ...options, opener: stranger })).toMatchObject([
    { path: 'data/x.1~4.tar.age' },
  ]);
});

test('never takes plain text for a backup that is to be encrypted', async () => {
  await using backup = await backupFolder();
  await storeArtifact(storing(backup.store, artifact, tar));
  const lines = await storeArtifact(storing(backup.store, artifact, tar, { sealer, opener }));
  expect(lines).toMatchObject([{ path: 'data/x.1~2.tar.age', encrypted: true }]);
});

test('takes no parts of which the last is missing', async () => {
  await using backup = await backupFolder({ maxObjectSize: 60_000 });
  const options = storing(backup.store, artifact, tar);
  const first = await storeArtifact(options);
  expect(first).toHaveLength(3);
  await backup.store.remove([FOLDER + nth(first, 2).path]);
  const second = await storeArtifact(options);
  expect(second.map((line) => line.path)).toEqual([
    'data/x.1~2.tar.000',
    'data/x.1~2.tar.001',
    'data/x.1~2.tar.002',
  ]);
  await backup.store.remove([FOLDER + nth(second, 1).path]);
  expect(await storeArtifact(options)).toMatchObject([{ path: 'data/x.1~3.tar.000' }, {}, {}]);
});

test('takes no parts of which the last is missing, where no format could tell', async () => {
  await using backup = await backupFolder({ maxObjectSize: 60_000 });
  const plain = artifactOf('bytes');
  const options = storing(backup.store, plain, bytesOf(150_000));
  const first = await storeArtifact(options);
  expect(await storeArtifact({ ...options, open: never })).toEqual(first);
  await backup.store.remove([FOLDER + nth(first, 2).path]);
  expect(await storeArtifact(options)).toMatchObject([{ path: 'data/x~2.bytes.000' }, {}, {}]);
});

test('writes on however many earlier attempts there are, and finds the next name at once', async () => {
  await using backup = await backupFolder();
  await backup.store.put(`${FOLDER}data/x.1.tar`, tar.subarray(0, 5000));
  for (let attempt = 2; attempt <= 130; attempt++)
    await backup.store.put(`${FOLDER}data/x.1~${attempt}.tar`, tar.subarray(0, 5000));
  const options = storing(backup.store, artifact, tar);
  expect(await storeArtifact(options)).toMatchObject([{ path: 'data/x.1~131.tar' }]);
  let opened = 0;
  const open = () => {
    opened += 1;
    return options.open();
  };
  const lines = await storeArtifact({ ...options, open, adopt: false });
  expect(lines).toMatchObject([{ path: 'data/x.1~132.tar' }]);
  expect(opened).toBe(2);
});

test('an attempt that runs late beside its retry does it no harm', async () => {
  await using backup = await backupFolder();
  let winner: Promise<unknown> | undefined;
  const late = storing(backup.store, artifact, tar, {
    fresh: true,
    open: async () => ({
      codec: 'identity',
      body: (async function* () {
        yield* inChunks(tar.subarray(0, 1000), 100);
        // The retry overtakes, and finishes first.
        winner = storeArtifact(storing(backup.store, artifact, other));
        await winner;
        yield* inChunks(tar.subarray(1000), 1000);
      })(),
    }),
  });
  const lines = await storeArtifact(late);
  expect(lines).toEqual(await winner);
  expect(await backup.objects()).toEqual(['data/x.1.tar']);
});

test('does not take the objects of artifacts with longer names for its own', async () => {
  await using backup = await backupFolder();
  for (const [index, path] of ['x.1.tar', 'x.10.tar', 'x.1', 'x.1.tar.gz.tar'].entries()) {
    const bytes = small(index);
    const options = storing(backup.store, artifactOf('tar', { path }), bytes);
    expect(await storeArtifact(options)).toMatchObject([{ path: `data/${path}` }]);
  }
});

test('a store that cannot be read is no reason to write again', async () => {
  await using backup = await backupFolder();
  const options = storing(backup.store, artifact, tar);
  await storeArtifact(options);
  const { store } = backup;
  const failing = Object.assign(Object.create(store) as typeof store, {
    list: store.list.bind(store),
    create: store.create.bind(store),
    // oxlint-disable-next-line require-yield
    async *read(): AsyncGenerator<Uint8Array> {
      const { HoldfastError } = await import('../../activities/failure.ts');
      throw new HoldfastError('STORE_UNREACHABLE', 'gone');
    },
  });
  await expect(storeArtifact({ ...options, store: failing })).rejects.toMatchObject({
    code: 'STORE_UNREACHABLE',
  });
  expect(await backup.objects()).toEqual(['data/x.1.tar']);
});

test('takes the next name when the one that is taken does not show in the listing', async () => {
  await using backup = await backupFolder();
  await storeArtifact(storing(backup.store, artifact, other));
  const lagging = Object.assign(backup.store, { list: nothing });
  const lines = await storeArtifact(storing(lagging, artifact, tar, { fresh: true }));
  expect(lines).toMatchObject([{ path: 'data/x.1~2.tar' }]);
});

async function* nothing(): AsyncGenerator<never> {}

test('keeps what is stored when the source has the same bytes once more, and otherwise takes the next name', async () => {
  for (const more of [{}, { sealer, opener }]) {
    await using backup = await backupFolder({ maxObjectSize: 40_000 });
    let opened = 0;
    let bytes = 0;
    const store = (archive: Uint8Array) => {
      const options = storing(backup.store, artifact, archive, { ...more, chunk: 7_000 });
      return storeArtifact({
        ...options,
        adopt: 'same',
        onBytes: (count) => void (bytes += count),
        open: () => {
          opened += 1;
          return options.open();
        },
      });
    };
    const first = await store(tar);
    const objects = await backup.objects();
    [opened, bytes] = [0, 0];
    expect(await store(tar)).toEqual(first);
    expect({ opened, bytes }).toEqual({ opened: 1, bytes: tar.length });
    expect(await backup.objects()).toEqual(objects);

    // As long, and other bytes.
    [opened, bytes] = [0, 0];
    const second = await store(other);
    expect(second.every(({ path }) => path.includes('~2'))).toBe(true);
    expect(bytes).toBe(other.length);
    expect(await store(other)).toEqual(second);
  }
});
