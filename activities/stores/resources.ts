import { AdaptiveLimit } from './adaptive-limit.ts';
import { ByteBudget } from './byte-budget.ts';
import { hostIdentity, type HostIdentity } from './host-identity.ts';
import { PartBuffers } from './part-buffers.ts';
import { Pools } from './pools.ts';

/** What all stores of one worker share, so that its memory and its load on a store are bounded as a whole. */
export interface StoreResources {
  readonly budget: ByteBudget;
  readonly buffers: PartBuffers;
  readonly pools: Pools;
  /** A request without progress for so long is stalled. */
  readonly stallMs: number;
  /** So long may a store take to put the parts of an object together: some copy every byte, without a word. */
  readonly commitMs: number;
  /** So long may a file system take for one call. */
  readonly answerMs: number;
  /** Tries of one request inside one call, and the longest first pause between them; Temporal retries for hours. */
  readonly retry: { tries: number; pauseMs: number };
  /** What a store copies by itself: the largest object in one request, and the parts of a larger one. */
  readonly copy: { wholeBytes: number; partBytes: number };
  readonly host: HostIdentity;
  limitOf(place: string): AdaptiveLimit;
  /** Something that is made once per worker and key, such as a client with its connections. */
  shared<T>(key: string, make: () => T): T;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface StoreResourceOptions {
  /** Bytes of parts held in memory, in all streams together. Default 256 MiB. */
  budgetBytes?: number | undefined;
  /** Requests to one store at a time: at first, and at most. */
  concurrency?: { start: number; ceiling: number } | undefined;
  stallMs?: number | undefined;
  commitMs?: number | undefined;
  answerMs?: number | undefined;
  retry?: { tries: number; pauseMs: number } | undefined;
  copy?: { wholeBytes: number; partBytes: number } | undefined;
  host?: HostIdentity | undefined;
}

export function createStoreResources(options: StoreResourceOptions = {}): StoreResources {
  const concurrency = options.concurrency ?? { start: 32, ceiling: 64 };
  const budgetBytes = options.budgetBytes ?? 256 * MiB;
  // Stalls are found by the request handler, which sees a body move; undici's own limits would cut slow uploads.
  const pools = new Pools({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 10_000 } });
  const made = new Map<string, unknown>();
  const shared = <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
  return {
    budget: new ByteBudget(budgetBytes),
    buffers: new PartBuffers(Math.min(budgetBytes, 128 * MiB)),
    pools,
    stallMs: options.stallMs ?? 60_000,
    commitMs: options.commitMs ?? 15 * 60_000,
    // A disk under load has its moments, and what was on its way has to be sent anew.
    answerMs: options.answerMs ?? 5 * 60_000,
    retry: options.retry ?? { tries: 5, pauseMs: 200 },
    // What S3 takes in one request; larger parts mean fewer requests, smaller ones more of them at a time.
    copy: options.copy ?? { wholeBytes: 5 * GiB, partBytes: 512 * MiB },
    host: options.host ?? hostIdentity(),
    limitOf: (place) => shared(`limit ${place}`, () => new AdaptiveLimit(concurrency)),
    shared,
    close: () => pools.destroy(),
  };
}

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
