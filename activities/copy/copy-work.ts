import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { CopyJob } from '../../workflows/contract/activities.ts';
import { runSuffix } from '../../workflows/contract/names.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { putOnce, readIfThere, readJson, toJson } from '../catalog/json.ts';
import type { CollectedLine } from '../catalog/collected.ts';
import { backupFolder, WORK } from '../catalog/layout.ts';
import { pageName } from '../catalog/plan.ts';
import { removeBelow } from '../catalog/remove-below.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import type { Sealer } from '../pipeline/age/sealer.ts';
import type { Store } from '../stores/store.ts';

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
  /** The folder of the pages: each attempt to plan has its own, and `plan.json`, written last, names the winner. */
  folder: string;
  pages: number[];
  artifacts: number;
  /** To be moved. */
  bytes: number;
  /** The run that made it. */
  runId: string;
  /** The mark of the `collected.json` that is to be replaced; absent where there was none. */
  mends?: string;
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
    about: Pick<CopyPlan, 'mends' | 'warnings'>,
  ): Promise<CopyPlan> {
    const folder = `plan-${attempt}/`;
    const pages: number[] = [];
    for (const page of inPages(items)) {
      const key = this.folder + folder + pageName(pages.length);
      await this.#store.put(key, toJson(page), { signal: this.#signal });
      pages.push(page.length);
    }
    const bytes = items.reduce((sum, item) => sum + (item.earlier ? 0 : item.object.bytes), 0);
    const { runId } = this.#job.run;
    const plan: CopyPlan = { folder, pages, artifacts: items.length, bytes, runId, ...about };
    const key = `${this.folder}plan.json`;
    if (await putOnce(this.#store, key, toJson(plan), this.#signal)) return plan;
    return (await readJson(this.#store, key, this.#signal)) as CopyPlan;
  }

  /** So that the next copy of the backup plans anew. What was copied stays where it is. */
  forget(): Promise<void> {
    return removeBelow(this.#store, this.folder, this.#signal);
  }

  async items(plan: CopyPlan, page: number): Promise<CopyItem[]> {
    const key = this.folder + plan.folder + pageName(page);
    return (await readJson(this.#store, key, this.#signal)) as CopyItem[];
  }

  async receipts(page: number): Promise<CopyReceipt[] | undefined> {
    const key = `${this.folder}receipts/${pageName(page)}`;
    return (await readIfThere(this.#store, key, this.#signal)) as CopyReceipt[] | undefined;
  }

  /** The receipts of a page count once; whoever comes second takes what is there. */
  async writeReceipts(page: number, receipts: CopyReceipt[]): Promise<CopyReceipt[]> {
    const key = `${this.folder}receipts/${pageName(page)}`;
    if (await putOnce(this.#store, key, toJson(receipts), this.#signal)) return receipts;
    return (await readJson(this.#store, key, this.#signal)) as CopyReceipt[];
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

const PAGE_OBJECTS = 256;
const PAGE_BYTES = 16 * 1024 ** 3;
const MOST_PAGES = 200;

function* inPages(items: CopyItem[]): Generator<CopyItem[]> {
  const bytes = items.reduce((sum, { object }) => sum + object.bytes, 0);
  const mostObjects = Math.max(PAGE_OBJECTS, Math.ceil(items.length / MOST_PAGES));
  const mostBytes = Math.max(PAGE_BYTES, Math.ceil(bytes / MOST_PAGES));
  let page: CopyItem[] = [];
  let held = 0;
  for (const item of items) {
    page.push(item);
    held += item.object.bytes;
    if (page.length < mostObjects && held < mostBytes) continue;
    yield page;
    [page, held] = [[], 0];
  }
  if (page.length > 0) yield page;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
