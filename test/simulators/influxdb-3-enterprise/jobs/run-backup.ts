import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupRecord, Cluster } from '../cluster.ts';
import { strikes } from '../switches.ts';
import { backupFiles, DESCRIPTION } from './files.ts';
import { damage } from './damage.ts';
import { pace } from './pace.ts';

/** Works on a backup until it is complete, or is told to stop. */
export async function runBackup(cluster: Cluster, record: BackupRecord): Promise<void> {
  const { switches, storage } = cluster;
  const { work } = record;
  if (!work) return;
  const prefix = cluster.prefix(record.name);
  try {
    let files = backupFiles(cluster);
    if (switches.capturesLate) await sleep(switches.backupMs, undefined, { signal: work.signal });
    if (switches.capturesLate) files = backupFiles(cluster);
    const pause = switches.capturesLate ? 0 : switches.backupMs / files.length;
    for (const [at, file] of files.entries()) {
      if (at >= files.length / 2) {
        if (strikes(switches, 'backupFails', record.name)) throw new Error('failed');
        // Nobody works on it any more, and nobody says so.
        if (strikes(switches, 'backupHangs', record.name)) return void delete record.work;
      }
      await pace(cluster, pause, work.signal);
      await storage.put(prefix + file.path, file.bytes);
      record.files += 1;
      record.bytes += file.bytes.length;
    }
    await describe(cluster, record, prefix);
    if (work.signal.aborted) throw work.signal.reason;
    await damage(cluster, record.name);
    record.completedAt = cluster.now();
    record.status = 'completed';
    delete record.work;
  } catch {
    delete record.work;
    await afterwards(cluster, record, String(work.signal.reason));
  }
}

/** How the record of a backup that did not end by itself is left, on which nothing is published. */
async function afterwards(cluster: Cluster, record: BackupRecord, reason: string): Promise<void> {
  const { switches, storage, backups } = cluster;
  if (reason === 'stop' || reason === 'force') return;
  if (reason === 'restart' && switches.restartedJob === 'stuck') return;
  if (!switches.leftovers) {
    const left = await storage.list(cluster.prefix(record.name));
    await storage.remove(left.map(({ key }) => key));
  }
  record.status = 'failed';
  if (reason === 'cancel' && switches.cancelledBackup === 'vanishes') backups.delete(record.name);
}

async function describe(cluster: Cluster, record: BackupRecord, prefix: string): Promise<void> {
  const { description } = cluster.switches;
  if (description === 'none') return;
  const { name, type, createdAt } = record;
  const bytes = Buffer.from(JSON.stringify({ name, type, created_at: createdAt, ended: true }));
  await cluster.storage.put(prefix + DESCRIPTION, bytes);
  if (description === 'uncounted') return;
  record.files += 1;
  record.bytes += bytes.length;
}
