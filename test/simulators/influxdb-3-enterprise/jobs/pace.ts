import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster.ts';

/** Between an accepted cancel and its effect. */
export const CANCEL_MS = 20;

/** Waits as a job does between two of its files, and for as long as jobs are held. */
export async function pace({ switches }: Cluster, ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
  while (switches.held) await sleep(10, undefined, { signal });
}
