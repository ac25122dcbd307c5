import type { RestoreJob } from '../../workflows/contract/activities.ts';
import type { RestorePlan } from '../../workflows/contract/operations.ts';
import { readIfThere, readJson, readWhole, putOnce, toJson } from '../catalog/json.ts';
import { workFolderOf } from '../catalog/layout.ts';
import { pageName } from '../catalog/plan.ts';
import { HoldfastError } from '../failure.ts';
import { MOST_PAGES, pageLength } from '../page-length.ts';
import type { PlannedRestore, RestoreStep } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { overtaken } from './overtaken.ts';

/** What a restore under way keeps in the store, beside the backup that it reads: its plan, and what it created. */
interface StoredPlan {
  /** Each attempt to plan has its own folder of pages; `plan.json`, written last, names the winner. */
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
  const pages: number[] = [];
  for (const page of inPages(steps)) {
    await store.put(work + folder + pageName(pages.length), toJson(page), { signal });
    pages.push(page.length);
  }
  const plan: StoredPlan = { folder, pages, summary, detail };
  await putOnce(store, `${work}plan.json`, toJson(plan), signal);
  return (await readJson(store, `${work}plan.json`, signal)) as StoredPlan;
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
  return (await readJson(
    store,
    workFolder(job) + folder + pageName(page),
    signal,
  )) as RestoreStep[];
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
  const now = new Date();
  const key = `${workFolder(job)}begun.json`;
  if (await putOnce(store, key, toJson({ at: now.toISOString() }), signal)) return now;
  return new Date(((await readJson(store, key, signal)) as { at: string }).at);
}

/** Bounded in number and in bytes, so that a retry repeats little; and their number, so that the history stays short. */
function* inPages(steps: RestoreStep[]): Generator<RestoreStep[]> {
  const most = pageLength(steps.length, PAGE_STEPS);
  const total = steps.reduce((sum, step) => sum + bytesOf(step), 0);
  const mostBytes = Math.max(PAGE_BYTES, Math.ceil(total / MOST_PAGES));
  let page: RestoreStep[] = [];
  let bytes = 0;
  for (const step of steps) {
    page.push(step);
    bytes += bytesOf(step);
    if (page.length < most && bytes < mostBytes) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield page;
}

function bytesOf({ lines }: RestoreStep): number {
  return lines.reduce((sum, line) => sum + line.bytes, 0);
}
