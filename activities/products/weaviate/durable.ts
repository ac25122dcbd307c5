import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';
import type { BackupApi } from './backup-api.ts';
import { readGlobal } from './descriptors.ts';
import { stateOf, timeOf } from './job-status.ts';

/** How long the server itself gives the writing of a descriptor. */
const DESCRIPTOR_MS = 20 * 60_000;
const PAUSE_MS = 500;
/** What an end needs to be written down, unless that fails. */
const WRITTEN_MS = 10_000;
/** Another node may still say what the descriptor said before. */
const CONTRADICTION_MS = 60_000;

/**
 * Waits until a success is more than the word of one process: it is published before its descriptor is written, and
 * when that write fails, the backup is one that never ended.
 * @throws BACKUP_INCOMPLETE
 */
export async function untilDurable(
  api: BackupApi,
  storage: Store,
  name: string,
  { signal, stallMs }: { signal: AbortSignal; stallMs: number },
): Promise<void> {
  const begun = Date.now();
  let contradicted: number | undefined;
  for (;;) {
    const status = await api.status(name);
    const success = status && stateOf(status) === 'succeeded';
    if (success && timeOf(status.completedAt)) return;
    const stored = await readGlobal(storage, name, signal);
    if (stored?.status === 'SUCCESS' && timeOf(stored.completedAt)) return;
    contradicted = success ? undefined : (contradicted ?? Date.now());
    const refuted =
      contradicted !== undefined && Date.now() - contradicted > Math.min(CONTRADICTION_MS, stallMs);
    if (refuted || Date.now() - begun > DESCRIPTOR_MS) {
      throw new HoldfastError(
        'BACKUP_INCOMPLETE',
        `${api.server} called its backup ${name} successful, and says ${status?.status ?? 'nothing'} now: it could not write down the end.`,
      );
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

/**
 * Waits a while until the end that the server tells of is written down: whoever removes the objects before would see
 * one come back. A server that is away writes nothing.
 */
export async function untilWritten(
  api: BackupApi,
  storage: Store,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + WRITTEN_MS;
  for (; Date.now() < deadline; await sleep(PAUSE_MS, undefined, { signal })) {
    const told = await api.status(name).catch(() => undefined);
    signal.throwIfAborted();
    if (!told || stateOf(told) === 'running') return;
    const stored = await readGlobal(storage, name, signal);
    if (stored && stateOf(stored) !== 'running') return;
  }
}
