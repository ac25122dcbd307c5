import type { RestoreJob } from '../../workflows/contract/activities.ts';
import type { RestorePlan } from '../../workflows/contract/operations.ts';
import { firstOf, putOnce, readIfThere, readWhole, toJson } from '../catalog/json.ts';
import { workFolderOf } from '../catalog/layout.ts';
import { readPage, writePages } from '../catalog/paged-plan.ts';
import { HoldfastError } from '../failure.ts';
import { inPages } from '../paging/in-pages.ts';
import { MOST_PAGES, pageLength } from '../paging/page-length.ts';
import type { PlannedRestore, RestoreStep } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { overtaken } from './overtaken.ts';

/** What a restore under way keeps in the store, beside the backup that it reads: its plan, and what it created. */
interface StoredPlan {
  /** Of the pages. */
  folder: string;
  pages: number[];
  summary: RestorePlan;
  detail: Record<string, unknown>;
}

const PAGE_STEPS = 32;
const PAGE_BYTES = 4 * 1024 ** 3;

export function workFolder({ snapshot, backup, run }: RestoreJob): string {
  return workFolderOf(snapshot.target, backup, run.runId);
}

export async function writeRestorePlan(
  store: Store,
  job: RestoreJob,
  attempt: string,
  { summary, detail, steps }: PlannedRestore,
  signal: AbortSignal,
): Promise<StoredPlan> {
  const work = workFolder(job);
  const folder = `plan-${attempt}/`;
  const most = {
    count: pageLength(steps.length, PAGE_STEPS),
    bytes: PAGE_BYTES,
    pages: MOST_PAGES,
  };
  const paged = inPages(steps, most, (step) => ({ count: 1, bytes: bytesOf(step) }));
  const pages = await writePages(store, work + folder, paged, signal);
  return firstOf(store, `${work}plan.json`, { folder, pages, summary, detail }, signal);
}

export async function findRestorePlan(
  store: Store,
  job: RestoreJob,
  signal: AbortSignal,
): Promise<StoredPlan | undefined> {
  return (await readIfThere(store, `${workFolder(job)}plan.json`, signal)) as
    StoredPlan | undefined;
}

/** The plan without its steps, which are read page by page. */
export async function readRestorePlan(
  store: Store,
  job: RestoreJob,
  signal: AbortSignal,
): Promise<StoredPlan & PlannedRestore> {
  const plan = await findRestorePlan(store, job, signal);
  if (plan) return { ...plan, steps: [] };
  throw new HoldfastError(
    'OBJECT_MISSING',
    `The plan of this restore vanished from store ${store.name} in mid-run.`,
  );
}

export async function readSteps(
  store: Store,
  job: RestoreJob,
  page: number,
  signal: AbortSignal,
): Promise<RestoreStep[]> {
  const { folder } = await readRestorePlan(store, job, signal);
  return readPage(store, workFolder(job) + folder, page, signal);
}

/** @throws WORKER_SHUTDOWN when another attempt has written down something else: then its work counts, not this one's */
export async function writeState(
  store: Store,
  job: RestoreJob,
  state: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const bytes = toJson(state);
  const key = `${workFolder(job)}state.json`;
  if (await putOnce(store, key, bytes, signal)) return;
  if (!bytes.equals(await readWhole(store, key, signal))) throw overtaken();
}

export async function readState(
  store: Store,
  job: RestoreJob,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const state = await readIfThere(store, `${workFolder(job)}state.json`, signal);
  return state as Record<string, unknown> | undefined;
}

/** When this restore may first have changed something at its destination; undefined while it has not. */
export async function begunAt(
  store: Store,
  job: RestoreJob,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const begun = await readIfThere(store, `${workFolder(job)}begun.json`, signal);
  return begun === undefined ? undefined : new Date((begun as { at: string }).at);
}

/** @returns the first time that was noted */
export async function noteBegin(store: Store, job: RestoreJob, signal: AbortSignal): Promise<Date> {
  const now = { at: new Date().toISOString() };
  const begun = await firstOf(store, `${workFolder(job)}begun.json`, now, signal);
  return new Date(begun.at);
}

function bytesOf({ lines }: RestoreStep): number {
  return lines.reduce((sum, line) => sum + line.bytes, 0);
}
