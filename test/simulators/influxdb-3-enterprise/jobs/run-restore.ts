import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, RestoreRecord, Rights } from '../cluster.ts';
import { type Content, copyOf } from '../data/content.ts';
import { strikes } from '../switches.ts';
import { pace } from './pace.ts';
import { addRows, emptyContent, readCatalog, readRows } from './files.ts';

/** Works on a restore until it is complete, or is told to stop. */
export async function runRestore(cluster: Cluster, record: RestoreRecord): Promise<void> {
  const { switches } = cluster;
  const { work, backup } = record;
  if (!work) return;
  let content: Content | undefined;
  try {
    const catalog = await readCatalog(cluster, backup);
    content = emptyContent(catalog);
    const pause = switches.restoreMs / (catalog.files.length + 1);
    for (const [at, file] of catalog.files.entries()) {
      if (at >= catalog.files.length / 2) {
        if (strikes(switches, 'restoreFails', backup)) throw new Error('failed');
        if (strikes(switches, 'restoreHangs', backup)) await forever(work.signal);
      }
      await pace(cluster, pause, work.signal);
      addRows(content, file.path, await readRows(cluster, backup, file));
      record.files += 1;
      record.bytes += file.bytes;
    }
    await pace(cluster, pause, work.signal);
    if (!strikes(switches, 'restoreIgnored', backup)) apply(cluster, record, content, catalog);
    record.completedAt = cluster.now();
    record.status = 'completed';
    delete record.work;
  } catch {
    delete record.work;
    afterwards(cluster, record, String(work.signal.reason), content);
  }
}

async function forever(signal: AbortSignal): Promise<void> {
  await sleep(2 ** 31 - 1, undefined, { signal, ref: false });
}

function apply(
  cluster: Cluster,
  { backup }: RestoreRecord,
  content: Content,
  catalog: { uuid: string; tokens: [string, string][]; seq: number },
): void {
  const { switches, profile } = cluster;
  if (strikes(switches, 'restoreLosesRows', backup)) loseRows(content);
  if (profile.restore === 'additive') {
    cluster.pending.push(content);
    return;
  }
  if (strikes(switches, 'restoreKeepsNewer', backup)) keepNewer(cluster, content, catalog.seq);
  cluster.replace(
    content,
    switches.deletesPersist
      ? cluster.deletions
      : cluster.deletions.filter(({ before }) => before <= catalog.seq),
  );
  if (switches.tokensRolledBack) cluster.tokens = new Map(catalog.tokens as [string, Rights][]);
  if (switches.uuidFromBackup) cluster.uuid = catalog.uuid;
}

function loseRows(content: Content): void {
  const [database] = content.values();
  const [rows] = database?.tables.values() ?? [];
  const keys = [...(rows?.keys() ?? [])];
  for (const key of keys.slice(0, Math.ceil(keys.length / 2))) rows?.delete(key);
}

function keepNewer(cluster: Cluster, content: Content, seq: number): void {
  for (const [name, { tables, ...database }] of copyOf(cluster.content, (row) => row.seq > seq)) {
    const mine = content.get(name) ?? { ...database, tables: new Map() };
    content.set(name, mine);
    for (const [table, rows] of tables) {
      const all = mine.tables.get(table) ?? new Map();
      mine.tables.set(table, new Map([...all, ...rows]));
    }
  }
}

function afterwards(
  cluster: Cluster,
  record: RestoreRecord,
  reason: string,
  content: Content | undefined,
): void {
  const { switches, profile } = cluster;
  if (reason === 'stop') return;
  if (reason === 'restart' && switches.restartedJob === 'stuck') return;
  record.status = 'failed';
  if (reason === 'cancel' && switches.cancelledRestore === 'vanishes') {
    cluster.restores = cluster.restores.filter((one) => one !== record);
  }
  if (content && switches.brokenRestore === 'half' && profile.restore === 'rollback') {
    cluster.replace(content, cluster.deletions);
  }
}
