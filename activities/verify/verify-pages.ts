import type { VerifyJob } from '../../workflows/contract/activities.ts';
import { putOnce, readJson, toJson } from '../catalog/json.ts';
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

/** The manifest does not change, so the pages of every attempt are the same. */
export async function writeVerifyPages(
  store: Store,
  job: VerifyJob,
  items: VerifyItem[],
  signal: AbortSignal,
): Promise<number[]> {
  const pages: number[] = [];
  const folder = workFolderOf(job.snapshot.target, job.backup, job.run.runId);
  for (const page of inPages(items, job.depth)) {
    await putOnce(store, folder + pageName(pages.length), toJson(page), signal);
    pages.push(countOf(page));
  }
  return pages;
}

export async function readVerifyPage(
  store: Store,
  job: VerifyJob,
  page: number,
  signal: AbortSignal,
): Promise<VerifyItem[]> {
  const folder = workFolderOf(job.snapshot.target, job.backup, job.run.runId);
  return (await readJson(store, folder + pageName(page), signal)) as VerifyItem[];
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
  let page: VerifyItem[] = [];
  let [count, bytes] = [0, 0];
  for (const item of items) {
    page.push(item);
    count += countOf([item]);
    bytes += bytesOf([item]);
    if (count < most && (depth === 'quick' || bytes < DEEP_BYTES)) continue;
    yield page;
    page = [];
    [count, bytes] = [0, 0];
  }
  if (page.length > 0) yield page;
}
