import type { RestoreJob } from '../../workflows/contract/activities.ts';
import type { Finding } from '../../workflows/contract/operations.ts';
import { DAMAGE } from '../catalog/known-damage.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { recordFound } from '../catalog/record-found.ts';
import { HoldfastError } from '../failure.ts';
import { checkArtifact } from '../pipeline/check-artifact.ts';
import { orderParts } from '../pipeline/order-parts.ts';
import type { Store } from '../stores/store.ts';
import { checkQuick } from '../verify/check-quick.ts';
import { keysFound } from '../verify/damaged-objects.ts';
import { openerIfHere } from '../workspace.ts';
import type { DoubtingReader } from './backup-reader.ts';

const NAMED_FINDINGS = 100;

/**
 * Carries out a part of a restore. When that ends because the backup is damaged, what could not be read is looked at once
 * more, and what is damaged or missing then is kept as a failed proof: the next restore of `latest` must not take this
 * backup again, and perhaps replace again what is at its destination. Not to be able to say so must not hide why it ended.
 */
export async function keepingDamage<T>(
  store: Store,
  job: RestoreJob,
  { doubted }: Pick<DoubtingReader, 'doubted'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const ends = error instanceof HoldfastError && DAMAGE.includes(error.code) && !signal.aborted;
    if (ends) await keepDamage(store, job, doubted.values(), signal).catch(() => undefined);
    throw error;
  }
}

async function keepDamage(
  store: Store,
  job: RestoreJob,
  doubted: Iterable<ObjectLine[]>,
  signal: AbortSignal,
): Promise<void> {
  const findings: Finding[] = [];
  const keys: string[] = [];
  let depth: 'quick' | 'deep' = 'quick';
  for (const lines of doubted) {
    const missing = await lookQuickly(store, job, lines, signal);
    const found = missing.length > 0 ? missing : await readAgain(store, job, lines, signal);
    if (found !== missing && found.length > 0) depth = 'deep';
    findings.push(...found);
    keys.push(...keysFound(job, lines, found));
  }
  if (keys.length === 0) return;
  const details = {
    ok: false,
    into: job.destination.target,
    findings: findings.slice(0, NAMED_FINDINGS),
    findingsCount: findings.length,
  };
  await recordFound(store, job, { operation: 'restore', depth }, keys, details, signal);
}

async function lookQuickly(
  store: Store,
  { snapshot, backup }: RestoreJob,
  lines: ObjectLine[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const folder = backupFolder(snapshot.target, backup);
  const findings: Finding[] = [];
  for (const line of lines) findings.push(...(await checkQuick(store, folder, line, signal)));
  return findings.filter(({ code }) => DAMAGE.includes(code));
}

async function readAgain(
  store: Store,
  { snapshot, backup }: RestoreJob,
  lines: ObjectLine[],
  signal: AbortSignal,
): Promise<Finding[]> {
  if (!orderParts(lines).complete) return [];
  const folder = backupFolder(snapshot.target, backup);
  const opener = await openerIfHere(snapshot);
  const { findings } = await checkArtifact({ store, folder, lines, opener, signal });
  return findings.filter(({ code }) => DAMAGE.includes(code));
}
