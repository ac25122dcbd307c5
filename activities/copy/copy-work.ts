import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { CopyJob } from '../../workflows/contract/activities.ts';
import { runSuffix } from '../../workflows/contract/names.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { firstOf, putOnce, readIfThere, readJson, toJson } from '../catalog/json.ts';
import type { CollectedLine } from '../catalog/collected.ts';
import { backupFolder, WORK } from '../catalog/layout.ts';
import { pageName, readPage, writePages } from '../catalog/paged-plan.ts';
import { removeBelow } from '../catalog/remove-below.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import { inPages } from '../paging/in-pages.ts';
import type { Sealer } from '../pipeline/age/sealer.ts';
import type { Store } from '../stores/store.ts';

const MOST = { count: 256, bytes: 16 * 1024 ** 3, pages: 200 };

/** One object of the product, and where its bytes lie when a copy holds them already. */
export interface CopyItem {
  object: ProductObject;
  earlier?: CollectedLine[];
  /** When a copy is mended: the first attempt whose name may be used. */
  attempt?: number;
}

/** What became of one object. */
export interface CopyReceipt {
  key: string;
  lines: CollectedLine[];
  how: 'server-side' | 'streamed' | 'earlier';
}

export interface CopyPlan {
  /** Of the pages. */
  folder: string;
  pages: number[];
  artifacts: number;
  /** To be moved. */
  bytes: number;
  /** The run that made it. */
  runId: string;
  /** The mark of the `collected.json` that is to be replaced; absent where there was none. */
  mends?: string;
  /** Some of the objects may lie there already, whoever copied them. */
  again?: boolean;
  warnings?: Warning[];
}

/**
 * What a copy under way keeps beside the backup: plan, receipts, and whose it is. It belongs to the backup, so that
 * another run goes on where one ended; and to the recipients, so that nothing is taken over that others can read.
 */
export class CopyWork {
  readonly folder: string;
  readonly #store: Store;
  readonly #job: CopyJob;
  readonly #signal: AbortSignal;

  constructor(store: Store, job: CopyJob, sealer: Sealer | undefined, signal: AbortSignal) {
    const readers = sealer ? digest(sealer.fingerprints.join()) : 'plain';
    this.folder = `${backupFolder(job.snapshot.target, job.backup)}${WORK}copy-${readers}/`;
    this.#store = store;
    this.#job = job;
    this.#signal = signal;
  }

  /** Like a lease, it is its newest holder's. */
  async claim(): Promise<void> {
    const { run, startedAt } = this.#job;
    const claim = toJson({ ...run, startedAt, host: hostname() });
    await this.#store.overwrite(`${this.folder}run.json`, claim, { signal: this.#signal });
  }

  async plan(): Promise<CopyPlan | undefined> {
    const found = await readIfThere(this.#store, `${this.folder}plan.json`, this.#signal);
    return found as CopyPlan | undefined;
  }

  async writePlan(
    attempt: string,
    items: CopyItem[],
    about: Pick<CopyPlan, 'mends' | 'again' | 'warnings'>,
  ): Promise<CopyPlan> {
    const folder = `plan-${attempt}/`;
    const paged = inPages(items, MOST, ({ object }) => ({ count: 1, bytes: object.bytes }));
    const pages = await writePages(this.#store, this.folder + folder, paged, this.#signal);
    const bytes = items.reduce((sum, item) => sum + (item.earlier ? 0 : item.object.bytes), 0);
    const { runId } = this.#job.run;
    const plan: CopyPlan = { folder, pages, artifacts: items.length, bytes, runId, ...about };
    return firstOf(this.#store, `${this.folder}plan.json`, plan, this.#signal);
  }

  /** So that the next copy of the backup plans anew. What was copied stays where it is. */
  forget(): Promise<void> {
    return removeCopyWork(this.#store, this.folder, this.#signal);
  }

  items(plan: CopyPlan, page: number): Promise<CopyItem[]> {
    return readPage(this.#store, this.folder + plan.folder, page, this.#signal);
  }

  async receipts(page: number): Promise<CopyReceipt[] | undefined> {
    const key = `${this.folder}receipts/${pageName(page)}`;
    return (await readIfThere(this.#store, key, this.#signal)) as CopyReceipt[] | undefined;
  }

  /** The receipts of a page count once; whoever comes second takes what is there. */
  writeReceipts(page: number, receipts: CopyReceipt[]): Promise<CopyReceipt[]> {
    const key = `${this.folder}receipts/${pageName(page)}`;
    return firstOf(this.#store, key, receipts, this.#signal);
  }

  /** What others finished of a page that they did not end, by the product's key. */
  async partials(page: number): Promise<Map<string, CopyReceipt>> {
    const known = new Map<string, CopyReceipt>();
    const prefix = `${this.folder}partial/${pageName(page)}/`;
    for await (const { key } of this.#store.list(prefix, { signal: this.#signal })) {
      const receipts = (await readJson(this.#store, key, this.#signal)) as CopyReceipt[];
      for (const receipt of receipts) known.set(receipt.key, receipt);
    }
    return known;
  }

  async writePartial(
    page: number,
    attempt: number,
    part: number,
    done: CopyReceipt[],
  ): Promise<void> {
    const name = `${runSuffix(this.#job.run.runId, 12)}-${attempt}-${part}.json`;
    const key = `${this.folder}partial/${pageName(page)}/${name}`;
    await putOnce(this.#store, key, toJson(done), this.#signal);
  }
}

/**
 * Wherever it stops, what is left misleads nobody: receipts would count for the next plan too, whatever that mends, and a
 * plan without its pages could not be gone on with.
 * @param folder of one copy, ending in `/`
 */
export async function removeCopyWork(
  store: Store,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  for (const receipts of ['receipts/', 'partial/']) {
    await removeBelow(store, folder + receipts, signal);
  }
  await store.remove([`${folder}plan.json`], { signal });
  await removeBelow(store, folder, signal);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
