import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createOpener } from '../../activities/pipeline/age/opener.ts';
import { createSealer } from '../../activities/pipeline/age/sealer.ts';
import { openArtifact } from '../../activities/pipeline/open-artifact.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { Secret } from '../../activities/secrets.ts';
import { artifactOf, backupFolder, FOLDER, storing } from '../pipeline/backup-folder.ts';
import { bytesOf, collect, inChunks } from '../pipeline/streams.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The tool that a person uses when Holdfast is not at hand. */
function ageMissing(): string | undefined {
  try {
    execFileSync('age', ['--version']);
    execFileSync('age-keygen', ['--version']);
    return undefined;
  } catch {
    return 'age and age-keygen are not on PATH';
  }
}

const missing = ageMissing();
const CHUNK = 65_536;

async function keys(folder: string) {
  const file = join(folder, 'key.txt');
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim();
  return { file, recipient, opener: await createOpener(new Secret(await readFile(file, 'utf8'))) };
}

test('the age tool opens what we seal, and we open what it seals', async ({ skip }) => {
  skip(missing !== undefined, missing);
  await using folder = await temporaryFolder('age');
  const { file, recipient, opener } = await keys(folder.path);
  const sealer = await createSealer([recipient]);
  for (const length of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7]) {
    const plain = bytesOf(length);
    const ours = await collect((await sealer.begin()).apply(inChunks(plain, 40_000)));
    const options = { input: ours, maxBuffer: 1e8 };
    const byTool = execFileSync('age', ['-d', '-i', file], options);
    expect(byTool.equals(plain), `${length} bytes sealed by us`).toBe(true);
    const theirs = execFileSync('age', ['-r', recipient], { input: plain, maxBuffer: 1e8 });
    const byUs = await collect(opener.open(inChunks(theirs, 40_000)));
    expect(byUs.equals(plain), `${length} bytes sealed by age`).toBe(true);
  }
});

test('an encrypted, split artifact is whole after age -d of each part', async ({ skip }) => {
  skip(missing !== undefined, missing);
  await using folder = await temporaryFolder('age');
  const { file, recipient, opener } = await keys(folder.path);
  await using backup = await backupFolder({ maxObjectSize: 100_000 });
  const tar = tarArchive([{ name: 'a.tsm', body: bytesOf(250_000) }]);
  const sealer = await createSealer([recipient]);
  const lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar, { sealer }));
  const parts = lines.map(({ path }) =>
    execFileSync('age', ['-d', '-i', file, join(backup.path, FOLDER, path)], { maxBuffer: 1e8 }),
  );
  expect(Buffer.concat(parts).equals(tar)).toBe(true);
  const signal = new AbortController().signal;
  const opened = openArtifact({ store: backup.store, folder: FOLDER, lines, opener, signal });
  expect((await collect(opened)).equals(tar)).toBe(true);
});

test('the age tool refuses what we refuse', async ({ skip }) => {
  skip(missing !== undefined, missing);
  await using folder = await temporaryFolder('age');
  const { file, recipient } = await keys(folder.path);
  const sealer = await createSealer([recipient]);
  const sealed = await collect((await sealer.begin()).apply(inChunks(bytesOf(2 * CHUNK), CHUNK)));
  const cut = join(folder.path, 'cut.age');
  await writeFile(cut, sealed.subarray(0, sealed.length - CHUNK - 16));
  expect(() => execFileSync('age', ['-d', '-i', file, cut], { stdio: 'pipe' })).toThrow();
});
