import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InfluxdV1 } from '../support/influxd-v1.ts';

/**
 * Keeps the shards of a retention policy as they are, each of which has one file: the server rewrites within seconds
 * what has tombstones, but not where it finds a file as another compaction writes it.
 */
export async function holdCompactions(server: InfluxdV1, policy: string): Promise<void> {
  const folder = join(server.folder, 'data', policy);
  for (const shard of await readdir(folder)) {
    await writeFile(join(folder, shard, '000000001-000000002.tsm.tmp'), '');
  }
}
