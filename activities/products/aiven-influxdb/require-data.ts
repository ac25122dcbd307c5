import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import type { BackupSource } from '../product.ts';
import type { CheckedBackup } from './check-backup.ts';
import { judgeLost } from './lost-shards.ts';
import { namedShards } from './named-shards.ts';

/**
 * A manifest without a single file is what the tool writes when it failed, and of a service whose data have all expired:
 * InfluxDB names the next shard of a policy for ever, and has none before the first point. The backup before this one
 * tells the two apart.
 * @throws FormatFault when that one holds what must still be there
 */
export async function requireData(
  { manifest, metadata }: CheckedBackup,
  { before }: Pick<Parameters<BackupSource['capture']>[0], 'before'>,
  identity: string,
): Promise<void> {
  if (manifest.files.length > 0) return;
  const now = Date.now();
  const { backup, absent } = await judgeLost({
    named: namedShards(metadata),
    lastShard: metadata.lastShard,
    came: new Map(),
    made: { from: now, to: now },
    identity,
    before,
  });
  if (absent.length === 0) return;
  throw new FormatFault(
    'garbled',
    `holds no shard, and its metadata name ${absent.length} that backup ${backup} holds and no retention can have removed`,
  );
}
