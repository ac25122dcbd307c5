import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { expected, members } from '../influxdb-v1/portable-backup.ts';
import { bytesOf } from '../pipeline/streams.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { startAivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connectTo, takeBackup } from './take-backup.ts';

test.each([
  ['ends early without a length', { contentLength: false, downloadCut: 1 }],
  ['breaks off and cannot be resumed', { ranges: false, downloadReset: 1 }],
])(
  'a download that %s begins again, also within a shard too long for the memory, and no other backup is requested',
  async (_, switches) => {
    await using folder = await temporaryFolder('aiven-cut');
    const tar = await tarWithLongShard(folder.path);
    await using aiven = await startAivenSimulator({
      content: { tar },
      switches: { pendingPolls: 0, ...switches },
    });
    const session = connectTo(aiven);
    const { lines } = await takeBackup(session, folder.path);
    await session.close();
    expect(lines).toHaveLength(expected.members.length);
    expect(aiven.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(aiven.requests.filter(({ host }) => host === 'download')).toHaveLength(2);
  },
);

/** Its middle lies within the file of one shard. */
async function tarWithLongShard(folder: string): Promise<string> {
  const path = join(folder, 'long.tar');
  const name = 'telemetry/raw/1/000000001-000000001.tsm';
  const shard = tarArchive([{ name, body: bytesOf(3_000_000, 1) }]);
  const changed = [...members].map(([file, body]) => {
    if (file.endsWith('.s1.tar.gz')) return { name: file, body: gzipSync(shard, { level: 0 }) };
    if (!file.endsWith('.manifest')) return { name: file, body };
    const sized = body.toString().replace(/("shardID": 1,[^}]*"size": )\d+/, `$1${shard.length}`);
    return { name: file, body: Buffer.from(sized) };
  });
  await writeFile(path, tarArchive(changed));
  return path;
}
