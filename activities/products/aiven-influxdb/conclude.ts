import type { Warning } from '../../../workflows/contract/progress.ts';
import type { BackupSource, Conclusion } from '../product.ts';
import { judgeLost, lastShardOf, shardIn, tsmFiles } from './lost-shards.ts';
import { ROLE } from './names.ts';
import { unpackNamed } from './named-shards.ts';
import { tellLost, tellWithoutData } from './tell-lost.ts';

/**
 * What the bytes told while they passed, and what they lack of what the backup before this one holds.
 * @param identity of the service
 */
export async function conclude(
  { detail, objects, before }: Parameters<BackupSource['conclude']>[0],
  identity: string,
): Promise<Conclusion> {
  const deleted: string[] = [];
  const came = new Map<number, string[]>();
  let encrypted = true;
  for await (const { role, subject, entries, encrypted: sealed } of objects) {
    encrypted &&= sealed;
    if (role !== ROLE.shard || !entries) continue;
    came.set(shardIn(subject), tsmFiles(entries));
    if (entries.some(({ name }) => name.endsWith('.tombstone'))) deleted.push(subject);
  }
  const { named: packed, asked, ...kept } = detail;
  const named = unpackNamed(packed);
  const lastShard = lastShardOf(detail);
  const now = Date.now();
  const lost = await judgeLost({
    named,
    lastShard,
    came,
    // A plan of an older version does not tell when it began.
    made: { from: typeof asked === 'number' ? asked : now, to: now },
    identity,
    before,
  });
  const withoutData = detail['shards'] === 0;
  const doubtful = withoutData && lost.backup === '' && lost.unsure.length > 0;
  const warnings: Warning[] = [
    ...(withoutData ? [tellWithoutData(doubtful ? lost.unsure.length : 0)] : []),
    ...tellLost(lost),
  ];
  if (deleted.length > 0) {
    const few = deleted.slice(0, 5).join(', ');
    const more = deleted.length > 5 ? ` and ${deleted.length - 5} more` : '';
    warnings.push({
      code: 'TOMBSTONES_PRESENT',
      message: `${deleted.length} shards hold points that were deleted but not yet compacted away (${few}${more}): they come back on a restore.`,
    });
  }
  if (!encrypted && Number(detail['users'] ?? 0) > 0) {
    warnings.push({
      code: 'METADATA_UNENCRYPTED',
      message: 'The backup is not encrypted, and its metadata hold password hashes.',
    });
  }
  return {
    files: [],
    detail: {
      ...kept,
      shardsWithTombstones: deleted.length,
      ...(lost.unwritten > 0 && { unwrittenShards: lost.unwritten }),
    },
    warnings,
    lacking: doubtful || lost.absent.length + lost.emptied.length > 0,
  };
}
