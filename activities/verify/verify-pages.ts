import type { VerifyJob, VerifyPlan } from '../../workflows/contract/activities.ts';
import { firstOf, readIfThere } from '../catalog/json.ts';
import { workFolderOf } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { readPage, writePages } from '../catalog/paged-plan.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import { inPages } from '../paging/in-pages.ts';
import type { Store } from '../stores/store.ts';

const MOST = {
  quick: { count: 1_000, bytes: Infinity, pages: 100 },
  deep: { count: 64, bytes: 4 * 1024 ** 3, pages: 100 },
};

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
  /** Of the pages. */
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
  const paged = [...inPages(items, MOST[job.depth], sizeOf)];
  await writePages(store, work + folder, paged, signal);
  const [objects, bytes] = [countOf(items), bytesOf(items)];
  const plan: VerifyPlan = { pages: paged.map(countOf), objects, bytes, ...about };
  return (await firstOf(store, work + PLAN, { folder, plan }, signal)).plan;
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
  return readPage(store, workFolder(job) + folder, page, signal);
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

const sizeOf = (item: VerifyItem) => ({ count: countOf([item]), bytes: bytesOf([item]) });
