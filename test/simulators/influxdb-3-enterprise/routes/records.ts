import type { BackupRecord, RestoreRecord } from '../cluster.ts';
import { strikes, type Switches } from '../switches.ts';

/** A backup as lists and its own page show it. */
export function backupBody(record: BackupRecord, switches: Switches): Record<string, unknown> {
  const { name, type } = record;
  return { name, type, ...common(record, name, switches, 'absent') };
}

/** The list leaves an absent time out, the page of one says null. */
export function restoreBody(
  record: RestoreRecord,
  switches: Switches,
  place: 'list' | 'page',
): Record<string, unknown> {
  const { id, backup } = record;
  const absence = place === 'list' ? 'absent' : 'null';
  return { restore_id: id, backup_name: backup, ...common(record, backup, switches, absence) };
}

function common(
  record: BackupRecord | RestoreRecord,
  name: string,
  switches: Switches,
  documented: 'absent' | 'null',
): Record<string, unknown> {
  const { status, createdAt, completedAt, files, bytes } = record;
  const absence = switches.completedAt === 'documented' ? documented : switches.completedAt;
  const none = absence === 'null' ? { completed_at: null } : {};
  return {
    status: shown(status, name, switches),
    created_at: printed(createdAt, switches),
    ...(completedAt ? { completed_at: printed(completedAt, switches) } : none),
    total_files: files,
    total_size_bytes: bytes,
  };
}

function shown(status: string, name: string, switches: Switches): string {
  if (status === 'in_progress' && strikes(switches, 'unknownStatus', name)) return 'draining';
  if (status === 'completed' && strikes(switches, 'formerStatus', name)) return 'complete';
  return status;
}

function printed(time: Date, { wholeSeconds }: Switches): string {
  return wholeSeconds ? `${time.toISOString().slice(0, 19)}Z` : time.toISOString();
}
