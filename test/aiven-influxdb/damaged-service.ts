import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { members, shardTar, unpack } from '../influxdb-v1/portable-backup.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';

interface OfficialManifest {
  files: { shardID: number; fileName: string; size: number }[];
}

/**
 * What the tool makes of a service that has lost something.
 * @param shards by their ids: the files that they still have, of those of the committed backup; none: the shard is not
 * there at all
 */
export async function damagedService(
  path: string,
  shards: Record<number, RegExp | undefined>,
): Promise<{ tar: string }> {
  const made = new Map(members);
  for (const [name, body] of members) {
    if (!name.endsWith('.manifest')) continue;
    const manifest = JSON.parse(body.toString()) as OfficialManifest;
    for (const [id, wanted] of Object.entries(shards)) {
      const file = manifest.files.find(({ shardID }) => shardID === Number(id));
      if (!file) throw new Error(`The backup has no shard ${id}.`);
      if (wanted === undefined) {
        made.delete(file.fileName);
        manifest.files = manifest.files.filter((other) => other !== file);
      } else {
        const tar = tarArchive(
          [...unpack(shardTar(Number(id)))]
            .map(([entry, bytes]) => ({ name: entry, body: bytes }))
            .filter((entry) => wanted.test(entry.name)),
        );
        made.set(file.fileName, gzipSync(tar));
        file.size = tar.length;
      }
    }
    made.set(name, Buffer.from(JSON.stringify(manifest)));
  }
  await writeFile(path, tarArchive([...made].map(([name, body]) => ({ name, body }))));
  return { tar: path };
}
