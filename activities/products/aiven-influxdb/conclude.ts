import type { Warning } from '../../../workflows/contract/progress.ts';
import type { BackupSource, Conclusion } from '../product.ts';

/** What the bytes told while they passed. */
export async function conclude({
  detail,
  objects,
}: Parameters<BackupSource['conclude']>[0]): Promise<Conclusion> {
  const deleted: string[] = [];
  let encrypted = true;
  for await (const { subject, entries = [], encrypted: sealed } of objects) {
    encrypted &&= sealed;
    if (entries.some(({ name }) => name.endsWith('.tombstone'))) deleted.push(subject);
  }
  const warnings: Warning[] = [];
  if (deleted.length > 0) {
    const named = deleted.slice(0, 5).join(', ');
    const more = deleted.length > 5 ? ` and ${deleted.length - 5} more` : '';
    warnings.push({
      code: 'TOMBSTONES_PRESENT',
      message: `${deleted.length} shards hold points that were deleted but not yet compacted away (${named}${more}): they come back on a restore.`,
    });
  }
  if (!encrypted && Number(detail['users'] ?? 0) > 0) {
    warnings.push({
      code: 'METADATA_UNENCRYPTED',
      message: 'The backup is not encrypted, and its metadata hold password hashes.',
    });
  }
  return { files: [], detail: { ...detail, shardsWithTombstones: deleted.length }, warnings };
}
