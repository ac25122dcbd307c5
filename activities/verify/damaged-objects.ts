import type { VerifyJob } from '../../workflows/contract/activities.ts';
import type { Finding } from '../../workflows/contract/operations.ts';
import { ownerOf } from '../catalog/damage.ts';
import { putOnce, readJson, toJson } from '../catalog/json.ts';
import { backupFolder, workFolderOf } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { pageName } from '../catalog/plan.ts';
import type { Store } from '../stores/store.ts';
import { keyOf } from './check-quick.ts';

/** What each page found, in full: the findings that pass through Temporal are only the first. */
const DAMAGED = 'damaged/';

/** The keys of those lines of an artifact of which a finding tells. */
export function keysFound(job: VerifyJob, lines: ObjectLine[], findings: Finding[]): string[] {
  if (findings.length === 0) return [];
  const told = new Set(findings.map(({ object }) => object));
  const folder = backupFolder(job.snapshot.target, job.backup);
  return lines.flatMap((line) => {
    const key = keyOf(folder, line);
    return typeof key === 'string' && (told.has(line.path) || told.has(key)) ? [key] : [];
  });
}

export async function noteDamaged(
  store: Store,
  job: VerifyJob,
  { page, attempt }: { page: number; attempt: number },
  keys: string[],
  signal: AbortSignal,
): Promise<void> {
  if (keys.length === 0) return;
  const name = `${workFolder(job)}${DAMAGED}${attempt}-${pageName(page)}`;
  await putOnce(store, name, toJson(keys), signal);
}

/** What every page of this run noted: paths below the folder of the backup that owns them, by its id. */
export async function damagedByOwner(
  store: Store,
  job: VerifyJob,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const { target } = job.snapshot;
  const keys = new Set<string>();
  for await (const note of store.list(workFolder(job) + DAMAGED, { signal })) {
    for (const key of (await readJson(store, note.key, signal)) as string[]) keys.add(key);
  }
  const owners = new Map<string, string[]>();
  for (const key of keys) {
    const owner = ownerOf(key);
    const path = key.slice(backupFolder(target, owner).length);
    owners.set(owner, [...(owners.get(owner) ?? []), path]);
  }
  return owners;
}

function workFolder({ snapshot, backup, run }: VerifyJob): string {
  return workFolderOf(snapshot.target, backup, run.runId);
}
