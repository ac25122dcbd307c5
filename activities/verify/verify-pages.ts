import type { VerifyJob, VerifyPlan } from '../../workflows/contract/activities.ts';
import { putOnce, readIfThere, readJson, toJson } from '../catalog/json.ts';
import { workFolderOf } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { pageName } from '../catalog/plan.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import type { Store } from '../stores/store.ts';

const QUICK_OBJECTS = 1_000;
const DEEP_OBJECTS = 64;
const DEEP_BYTES = 4 * 1024 ** 3;
const MOST_PAGES = 100;

/** The lines of one artifact, or an object that lies with the product alone. */
export type VerifyItem = ObjectLine[] | ProductObject;

/** The lines of each artifact, parts together: a split artifact can be parsed only as a whole. */
export function artifactsOf(lines: ObjectLine[]): ObjectLine[][] {
  const artifacts = new Map<string, ObjectLine[]>();
  for (const line of lines) {
    const name = line.part?.of ?? line.path;
    artifacts.set(name, [...(artifacts.get(name) ?? []), line]);
  }
  return [...artifacts.values()];
}

/** What a verification looks at, as its run keeps it beside the backup while it is under way. */
interface StoredPlan {
  /** Each attempt to plan has its own folder of pages; `plan.json`, written last, names the winner. */
  folder: string;
  plan: VerifyPlan;
}

/**
 * Attempts may find different things to look at, since a copy of the backup may be committed between them; the pages,
 * totals and findings of one of them count together.
 */
export async function writeVerifyPlan(
  store: Store,
  job: VerifyJob,
  attempt: string,
  { items, ...about }: Pick<VerifyPlan, 'findings' | 'warnings'> & { items: VerifyItem[] },
  signal: AbortSignal,
): Promise<VerifyPlan> {
  const work = workFolder(job);
  const folder = `plan-${attempt}/`;
  const pages: number[] = [];
  for (const page of inPages(items, job.depth)) {
    await store.put(work + folder + pageName(pages.length), toJson(page), { signal });
    pages.push(countOf(page));
  }
  const plan: VerifyPlan = { pages, objects: countOf(items), bytes: bytesOf(items), ...about };
  const whole: StoredPlan = { folder, plan };
  await putOnce(store, work + PLAN, toJson(whole), signal);
  return ((await readJson(store, work + PLAN, signal)) as StoredPlan).plan;
}

export async function findVerifyPlan(
  store: Store,
  job: VerifyJob,
  signal: AbortSignal,
): Promise<VerifyPlan | undefined> {
  return (await findStored(store, job, signal))?.plan;
}

export async function readVerifyPage(
  store: Store,
  job: VerifyJob,
  page: number,
  signal: AbortSignal,
): Promise<VerifyItem[]> {
  // A run that was planned by a Holdfast which kept no such plan has its pages beside it.
  const folder = (await findStored(store, job, signal))?.folder ?? '';
  const key = workFolder(job) + folder + pageName(page);
  return (await readJson(store, key, signal)) as VerifyItem[];
}

/** Of every page; of none where the plan was made by a Holdfast which kept no such plan. */
export async function* readVerifyItems(
  store: Store,
  job: VerifyJob,
  signal: AbortSignal,
): AsyncGenerator<VerifyItem> {
  const planned = await findVerifyPlan(store, job, signal);
  for (const page of planned?.pages.keys() ?? []) {
    yield* await readVerifyPage(store, job, page, signal);
  }
}

const PLAN = 'plan.json';

async function findStored(
  store: Store,
  job: VerifyJob,
  signal: AbortSignal,
): Promise<StoredPlan | undefined> {
  const stored = await readIfThere(store, workFolder(job) + PLAN, signal);
  return stored as StoredPlan | undefined;
}

function workFolder({ snapshot, backup, run }: VerifyJob): string {
  return workFolderOf(snapshot.target, backup, run.runId);
}

export function countOf(items: VerifyItem[]): number {
  return items.flat().length;
}

export function bytesOf(items: VerifyItem[]): number {
  return items.flat().reduce((sum, { bytes }) => sum + bytes, 0);
}

function* inPages(items: VerifyItem[], depth: VerifyJob['depth']): Generator<VerifyItem[]> {
  const objects = depth === 'quick' ? QUICK_OBJECTS : DEEP_OBJECTS;
  const most = Math.max(objects, Math.ceil(countOf(items) / MOST_PAGES));
  const mostBytes = Math.max(DEEP_BYTES, Math.ceil(bytesOf(items) / MOST_PAGES));
  let page: VerifyItem[] = [];
  let [count, bytes] = [0, 0];
  for (const item of items) {
    page.push(item);
    count += countOf([item]);
    bytes += bytesOf([item]);
    if (count < most && (depth === 'quick' || bytes < mostBytes)) continue;
    yield page;
    page = [];
    [count, bytes] = [0, 0];
  }
  if (page.length > 0) yield page;
}
