import type { ReadJob, VerifyJob } from '../../workflows/contract/activities.ts';
import type { Finding } from '../../workflows/contract/operations.ts';
import { documentsIn, putOnce, readJson, toJson } from '../catalog/json.ts';
import { backupFolder, workFolderOf } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { pageName } from '../catalog/paged-plan.ts';
import type { Store } from '../stores/store.ts';
import { keyOf } from './check-quick.ts';

/** What each page found, in full: the findings that pass through Temporal are only the first. */
const DAMAGED = 'damaged/';

/** The keys of those lines of an artifact of which a finding tells. */
export function keysFound(job: ReadJob, lines: ObjectLine[], findings: Finding[]): string[] {
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

/** The keys of all that the pages of this run noted. */
export async function notedDamaged(
  store: Store,
  job: VerifyJob,
  signal: AbortSignal,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const note of documentsIn(store, workFolder(job) + DAMAGED, signal)) {
    for (const key of (await readJson(store, note, signal)) as string[]) keys.add(key);
  }
  return keys;
}

function workFolder({ snapshot, backup, run }: VerifyJob): string {
  return workFolderOf(snapshot.target, backup, run.runId);
}
