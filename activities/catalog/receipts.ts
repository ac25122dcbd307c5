import type { Store } from '../stores/store.ts';
import { firstOf, putOnce, readIfThere, toJson } from './json.ts';
import { WORK } from './layout.ts';
import type { ObjectLine } from './manifest.ts';
import { pageName } from './paged-plan.ts';

/** What became of one planned artifact. */
export interface Receipt {
  path: string;
  subject: string;
  /** It vanished at the source between plan and transfer. */
  gone: boolean;
  lines: ObjectLine[];
}

const RECEIPTS = `${WORK}receipts/`;
const PARTIAL = `${WORK}partial/`;

/** The receipt of a page counts once; whoever comes second takes what is there. */
export async function writeReceipts(
  store: Store,
  backupFolder: string,
  page: number,
  receipts: Receipt[],
  signal?: AbortSignal,
): Promise<Receipt[]> {
  const key = backupFolder + RECEIPTS + pageName(page);
  return firstOf(store, key, receipts, signal);
}

export async function readReceipts(
  store: Store,
  backupFolder: string,
  page: number,
  signal?: AbortSignal,
): Promise<Receipt[] | undefined> {
  const key = backupFolder + RECEIPTS + pageName(page);
  return (await readIfThere(store, key, signal)) as Receipt[] | undefined;
}

/** What an attempt finished before it failed, so that the next one need not read it all back. */
export async function writePartial(
  store: Store,
  backupFolder: string,
  page: number,
  attempt: number,
  receipts: Receipt[],
  signal?: AbortSignal,
): Promise<void> {
  const key = `${backupFolder}${PARTIAL}${attempt}-${pageName(page)}`;
  if (receipts.length > 0) await putOnce(store, key, toJson(receipts), signal);
}

export async function readPartials(
  store: Store,
  backupFolder: string,
  page: number,
  attempt: number,
  signal?: AbortSignal,
): Promise<Map<string, Receipt>> {
  const known = new Map<string, Receipt>();
  for (let earlier = 1; earlier < attempt; earlier++) {
    const key = `${backupFolder}${PARTIAL}${earlier}-${pageName(page)}`;
    const receipts = (await readIfThere(store, key, signal)) as Receipt[] | undefined;
    for (const receipt of receipts ?? []) known.set(receipt.path, receipt);
  }
  return known;
}
