import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { members } from '../influxdb-v1/portable-backup.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { failureOf } from './failure-of.ts';
import { connectTo, takeBackup } from './take-backup.ts';

let aiven: AivenSimulator;
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('aiven-replaced');
  aiven = await startAivenSimulator({ switches: { pendingPolls: 0 } });
});
afterEach(async () => {
  await aiven.stop();
  await folder.remove();
});

test.each([
  ['by its ETag', { etag: 'strong' }, 'was replaced by another one'],
  ['by its bytes', { etag: 'weak', contentLength: false }, 'than when it was downloaded before'],
  ['by its bytes', { etag: 'none', contentLength: false }, 'than when it was downloaded before'],
] as const)(
  'a download that begins again under the same name notices another backup there, %s: %j',
  async (_, switches, says) => {
    const replaced = { oldName: 'new bytes', replacedWhileDownloading: 1, downloadCut: 1 };
    Object.assign(aiven.switches, { ...replaced, ...switches });
    aiven.state.othersContent = { tar: await sameNames() };
    const session = connectTo(aiven);
    expect(await failureOf(takeBackup(session, folder.path))).toMatchObject({
      code: 'SOURCE_GARBLED',
      message: expect.stringContaining(says),
    });
    await session.close();
  },
);

/** A backup with files of the same names, and other points in every shard. */
async function sameNames(): Promise<string> {
  const path = join(folder.path, 'same-names.tar');
  const files = [...members].map(([name, bytes]) => {
    if (!name.endsWith('.tar.gz')) return { name, body: bytes };
    const tar = gunzipSync(bytes);
    // In the first file: behind its header.
    tar[600] = (tar[600] ?? 0) ^ 1;
    return { name, body: gzipSync(tar) };
  });
  await writeFile(path, tarArchive(files));
  return path;
}
