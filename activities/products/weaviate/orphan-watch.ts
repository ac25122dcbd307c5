import type { Store } from '../../stores/store.ts';
import { readGlobal, readNode } from './descriptors.ts';

/** The coordinator asks its nodes every 10 s, and then writes one object. */
const ORPHANED_MS = 5 * 60_000;
const LOOK_EVERY_MS = 60_000;

/**
 * Tells backups that every node has finished and nobody will ever call finished: when their coordinator died, or could
 * not write down the end, the server says of them for ever that they run.
 */
export class OrphanWatch {
  readonly #storage: Store;
  readonly #signal: AbortSignal;
  readonly #patienceMs: number;
  readonly #seen = new Map<string, { lookedAt: number; finishedSince: number | undefined }>();

  constructor(storage: Store, { signal, stallMs }: { signal: AbortSignal; stallMs: number }) {
    this.#storage = storage;
    this.#signal = signal;
    this.#patienceMs = Math.min(ORPHANED_MS, stallMs);
  }

  /** To be asked at every poll that finds the backup running. */
  async isOrphan(name: string): Promise<boolean> {
    const now = Date.now();
    const seen = this.#seen.get(name) ?? { lookedAt: now, finishedSince: undefined };
    this.#seen.set(name, seen);
    if (now - seen.lookedAt >= Math.min(LOOK_EVERY_MS, this.#patienceMs / 2)) {
      seen.lookedAt = now;
      const finished = await this.#isFinished(name);
      seen.finishedSince = finished ? (seen.finishedSince ?? now) : undefined;
    }
    return seen.finishedSince !== undefined && now - seen.finishedSince >= this.#patienceMs;
  }

  async #isFinished(name: string): Promise<boolean> {
    const global = await readGlobal(this.#storage, name, this.#signal);
    const nodes = Object.keys(global?.nodes ?? {});
    for (const node of nodes) {
      const descriptor = await readNode(this.#storage, name, node, this.#signal);
      if (descriptor?.status !== 'SUCCESS') return false;
    }
    return nodes.length > 0;
  }
}
