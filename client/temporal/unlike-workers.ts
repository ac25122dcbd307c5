import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalPlace } from './connect.ts';
import { digestIn } from './worker-identity.ts';
import { pollersOf } from './workers.ts';

const LOOK_EVERY_MS = 1_000;
/** A worker that lives asks for work once a minute at least. */
export const PATIENCE_MS = 75_000;
/** Who has not asked for so long, while another one has, is gone. */
const SILENT_MS = 70_000;

interface Asking {
  /** The configuration that the others are compared with; absent: with each other. */
  own?: string;
  signal?: AbortSignal;
  /** Told once when it will take a while, of the workers among whom some may be gone. */
  onWait?: (workers: string[]) => void;
}

/**
 * The workers of a task queue, when they began with different configurations; else none. One that was stopped is listed
 * for minutes, and often it is the one that was started anew because its file had changed: so only those count that
 * are seen to ask for work again. That takes a minute where there seem to be such workers, and no time elsewhere.
 */
export async function unlikeWorkers(
  place: TemporalPlace,
  taskQueue: string,
  { own, signal, onWait }: Asking = {},
): Promise<string[]> {
  const first = await seenOn(place, taskQueue);
  const until = performance.now() + PATIENCE_MS;
  const alive = new Set<string>();
  for (let seen = first; ; seen = await seenOn(place, taskQueue)) {
    for (const [identity, at] of seen) if (at > (first.get(identity) ?? 0)) alive.add(identity);
    if (areUnlike([...alive], own)) {
      return [...alive].filter((identity) => own === undefined || digestIn(identity) !== own);
    }
    const heard = notSilent(seen);
    if (!areUnlike(heard, own) || performance.now() > until) return [];
    if (seen === first) onWait?.(heard);
    await sleep(LOOK_EVERY_MS, undefined, { signal, ref: signal === undefined });
  }
}

function areUnlike(identities: string[], own: string | undefined): boolean {
  const digests = new Set(identities.map((identity) => digestIn(identity)));
  if (own !== undefined) digests.add(own);
  return digests.size > 1;
}

/** By the server's clock alone, which is not that of this host. */
function notSilent(seen: Map<string, number>): string[] {
  const latest = Math.max(...seen.values());
  return [...seen].flatMap(([identity, at]) => (latest - at < SILENT_MS ? [identity] : []));
}

/** Those that tell their configuration, and when each of them last asked for work of either kind. */
async function seenOn(place: TemporalPlace, taskQueue: string): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (const kind of ['workflow', 'activity'] as const) {
    for (const { identity, lastSeen } of await pollersOf(place, taskQueue, kind)) {
      if (digestIn(identity) === undefined) continue;
      seen.set(identity, Math.max(seen.get(identity) ?? 0, lastSeen.getTime()));
    }
  }
  return seen;
}
