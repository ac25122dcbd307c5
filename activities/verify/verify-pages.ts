import type { VerifyJob } from '../../workflows/contract/activities.ts';
import { putOnce, readJson, toJson } from '../catalog/json.ts';
import { workFolderOf } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { pageName } from '../catalog/plan.ts';
import type { Store } from '../stores/store.ts';

const QUICK_OBJECTS = 1_000;
const DEEP_OBJECTS = 64;
const DEEP_BYTES = 4 * 1024 ** 3;
const MOST_PAGES = 100;

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
  artifacts: ObjectLine[][],
  signal: AbortSignal,
): Promise<number[]> {
  const pages: number[] = [];
  const folder = workFolderOf(job.snapshot.target, job.backup, job.run.runId);
  for (const page of inPages(artifacts, job.depth)) {
    await putOnce(store, folder + pageName(pages.length), toJson(page), signal);
    pages.push(page.flat().length);
  }
  return pages;
}

export async function readVerifyPage(
  store: Store,
  job: VerifyJob,
  page: number,
  signal: AbortSignal,
): Promise<ObjectLine[][]> {
  const folder = workFolderOf(job.snapshot.target, job.backup, job.run.runId);
  return (await readJson(store, folder + pageName(page), signal)) as ObjectLine[][];
}

function* inPages(artifacts: ObjectLine[][], depth: VerifyJob['depth']): Generator<ObjectLine[][]> {
  const objects = depth === 'quick' ? QUICK_OBJECTS : DEEP_OBJECTS;
  const most = Math.max(objects, Math.ceil(artifacts.flat().length / MOST_PAGES));
  let page: ObjectLine[][] = [];
  let bytes = 0;
  for (const lines of artifacts) {
    page.push(lines);
    bytes += lines.reduce((sum, line) => sum + line.bytes, 0);
    if (page.flat().length < most && (depth === 'quick' || bytes < DEEP_BYTES)) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield page;
}
