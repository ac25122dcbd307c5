import type { PageTotals } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { inPages } from '../paging/in-pages.ts';
import { MOST_PAGES, pageLength } from '../paging/page-length.ts';
import type { ArtifactPlan } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { firstOf, readIfThere } from './json.ts';
import { WORK } from './layout.ts';
import type { ObjectLine } from './manifest.ts';
import { readPage, writePages } from './paged-plan.ts';

/** The plan of a backup under way: what it will stream. */
export interface BackupPlan {
  /** Of the pages. */
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
/** What an artifact will weigh, not every product says beforehand. */
const OF_ANY_SIZE = { bytes: Infinity, pages: MOST_PAGES };

export async function writePlan(
  store: Store,
  backupFolder: string,
  attempt: string,
  plan: Omit<BackupPlan, 'folder' | 'pages'>,
  artifacts: ArtifactPlan[],
  signal?: AbortSignal,
): Promise<BackupPlan> {
  const folder = `${WORK}plan-${attempt}/`;
  const most = { count: pageLength(artifacts.length, PAGE_ARTIFACTS), ...OF_ANY_SIZE };
  const paged = inPages(artifacts, most, () => ({ count: 1, bytes: 0 }));
  const pages = await writePages(store, backupFolder + folder, paged, signal);
  return firstOf(store, backupFolder + PLAN, { folder, pages, ...plan }, signal);
}

export async function readPlan(
  store: Store,
  backupFolder: string,
  signal?: AbortSignal,
): Promise<BackupPlan | undefined> {
  return (await readIfThere(store, backupFolder + PLAN, signal)) as BackupPlan | undefined;
}

export function readArtifacts(
  store: Store,
  backupFolder: string,
  plan: BackupPlan,
  page: number,
  signal?: AbortSignal,
): Promise<ArtifactPlan[]> {
  return readPage(store, backupFolder + plan.folder, page, signal);
}
