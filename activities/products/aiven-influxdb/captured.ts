import type { Warning } from '../../../workflows/contract/progress.ts';
import type { CheckedBackup } from './check-backup.ts';
import { packNamed } from './named-shards.ts';
import type { WalkedBackup } from './walk-backup.ts';

/** The greatest; the vendor's manifest names them all. */
const SUMMARISED = 100;

/** For `conclude`, which leaves of it the `detail` of the manifest. */
export function detailOf(
  name: string,
  walked: WalkedBackup,
  { manifest, metadata }: CheckedBackup,
): Record<string, unknown> {
  const databases = metadata.databases.map((database) => {
    const files = manifest.files.filter((file) => file.database === database.name);
    return {
      database: database.name,
      retentionPolicies: database.policies.length,
      shards: files.length,
      tarBytes: files.reduce((sum, { size }) => sum + size, 0),
    };
  });
  return {
    version: 1,
    backupName: name,
    manifest: walked.manifest?.name ?? '',
    databaseCount: databases.length,
    databases: databases.toSorted((a, b) => b.tarBytes - a.tarBytes).slice(0, SUMMARISED),
    shards: manifest.files.length,
    users: metadata.users.length,
    lastShard: metadata.lastShard,
    named: packNamed(metadata),
  };
}

/** What a whole download may still lack. */
export function warningsOf(
  { strays }: WalkedBackup,
  { manifest, metadata }: CheckedBackup,
): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  if (strays.length > 0) {
    const named = strays.slice(0, 3).join(', ');
    warn(
      'FILES_IGNORED',
      `The tar holds ${strays.length} files that are no part of a backup (${named}); they are not kept.`,
    );
  }
  if (manifest.limited)
    warn('BACKUP_LIMITED', 'The manifest says that the backup holds a part of the service only.');
  const known = new Set(
    metadata.databases.flatMap(({ policies }) =>
      policies.flatMap(({ groups }) => groups.flatMap(({ shards }) => shards)),
    ),
  );
  const unknown = manifest.files.filter(({ shardID }) => !known.has(shardID)).length;
  if (unknown > 0) {
    warn(
      'SHARD_UNKNOWN',
      `The metadata do not know ${unknown} shards, which came into being during the backup: no restore brings them back.`,
    );
  }
  return warnings;
}
