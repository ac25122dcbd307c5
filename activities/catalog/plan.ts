import type { PageTotals } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { pageLength } from '../page-length.ts';
import type { ArtifactPlan } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { putOnce, readIfThere, readJson, toJson } from './json.ts';
import { WORK } from './layout.ts';
import type { ObjectLine } from './manifest.ts';

/**
 * The plan of a backup under way: what it will stream, in pages, so that no list of any length passes through
 * Temporal and an activity reads only its own page.
 */
export interface BackupPlan {
  /** The folder of the pages: each attempt to plan has its own, and `plan.json`, written last, names the winner. */
  folder: string;
  pages: number[];
  artifacts: number;
  captured: { from: string; to: string };
  stored: PageTotals;
  /** Lines of what was stored while planning. */
  lines: ObjectLine[];
  detail: Record<string, unknown>;
  warnings: Warning[];
}

const PLAN = `${WORK}plan.json`;
const PAGE_ARTIFACTS = 64;

export async function writePlan(
  store: Store,
  backupFolder: string,
  attempt: string,
  plan: Omit<BackupPlan, 'folder' | 'pages'>,
  artifacts: ArtifactPlan[],
  signal?: AbortSignal,
): Promise<BackupPlan> {
  const size = pageLength(artifacts.length, PAGE_ARTIFACTS);
  const folder = `${WORK}plan-${attempt}/`;
  const pages: number[] = [];
  for (let start = 0; start < artifacts.length; start += size) {
    const page = artifacts.slice(start, start + size);
    await store.put(backupFolder + folder + pageName(pages.length), toJson(page), { signal });
    pages.push(page.length);
  }
  const whole: BackupPlan = { folder, pages, ...plan };
  await putOnce(store, backupFolder + PLAN, toJson(whole), signal);
  return (await readIfThere(store, backupFolder + PLAN, signal)) as BackupPlan;
}

export async function readPlan(
  store: Store,
  backupFolder: string,
  signal?: AbortSignal,
): Promise<BackupPlan | undefined> {
  return (await readIfThere(store, backupFolder + PLAN, signal)) as BackupPlan | undefined;
}

export async function readPage(
  store: Store,
  backupFolder: string,
  plan: BackupPlan,
  page: number,
  signal?: AbortSignal,
): Promise<ArtifactPlan[]> {
  const key = backupFolder + plan.folder + pageName(page);
  return (await readJson(store, key, signal)) as ArtifactPlan[];
}

export function pageName(page: number): string {
  return `page-${String(page).padStart(4, '0')}.json`;
}
