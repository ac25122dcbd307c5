import { z } from 'zod';
import { runSuffix, timeName, type Operation } from '../../workflows/contract/names.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { documentsIn, putOnce, readJson, toJson } from './json.ts';
import { backupFolder, PROOFS } from './layout.ts';

/** What a verify, restore or drill found out about a backup, as lists show it. Written once, beside it. */
const summarySchema = z.object({
  time: z.string(),
  operation: z.string(),
  ok: z.boolean(),
  depth: z.string().optional(),
});
export type ProofSummary = z.infer<typeof summarySchema>;

const proofSchema = summarySchema.extend({
  /** Of the objects that this backup owns, those found damaged or missing: `data/…` below its folder. */
  damaged: z.array(z.string()).optional(),
  /** Of a verification that found nothing: what earlier ones list so, and it did not read, since the backup names it no more. */
  unread: z.array(z.string()).optional(),
  /** At most the first 100. All that tells of damage where `damaged` was not written yet. */
  findings: z.array(z.object({ code: z.string(), object: z.string() })).optional(),
  /** When the run began whose proof it is: what it read, it read since. */
  began: z.string().optional(),
});
export type Proof = z.infer<typeof proofSchema>;

/**
 * A run proves once: an attempt after one that was not answered finds the proof of that one. Names sort proofs as they
 * were kept, also where the clock of a host is behind that of another, or was set back: what was found last counts.
 */
export async function recordProof(
  store: Store,
  target: string,
  backup: string,
  proof: ProofSummary & { operation: Operation; runId: string; [detail: string]: unknown },
  signal?: AbortSignal,
): Promise<void> {
  const folder = backupFolder(target, backup) + PROOFS;
  const ending = `-${runSuffix(proof.runId)}-${proof.operation}.json`;
  let newest = 0;
  for await (const key of documentsIn(store, folder, signal)) {
    if (key.endsWith(ending)) return;
    newest = timeIn(key.slice(folder.length)) ?? newest;
  }
  const time = new Date(Math.max(Date.parse(proof.time), newest + 1_000));
  await putOnce(store, folder + timeName(time) + ending, toJson(proof), signal);
}

function timeIn(name: string): number | undefined {
  const [, day, ...clock] = /^(\d{4}-\d\d-\d\d)t(\d\d)-(\d\d)-(\d\d)z-/.exec(name) ?? [];
  const time = Date.parse(`${day}T${clock.join(':')}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * The proof that counts: the newest, but a failed one until a later verification of at least its depth finds nothing. A
 * restore clears none: it reads the parts that were asked for, perhaps where the database still had them. A proof that is
 * no proof counts as failed: nothing is assumed. A store that cannot be read now is no reason to take another backup.
 * @throws STORE_*
 */
export async function newestProof(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<ProofSummary | undefined> {
  let newest: ProofSummary | undefined;
  let soundSince = false;
  for await (const proof of newestFirst(store, target, backup, signal)) {
    const summary = summarySchema.parse(proof);
    if (!proof.ok && (proof.depth === 'deep' || !soundSince)) return summary;
    newest ??= summary;
    if (!proof.ok || proof.operation !== 'verify') continue;
    if (proof.depth === 'deep') break;
    soundSince = true;
  }
  return newest;
}

/**
 * When the newest deep verification of a backup that found nothing began; undefined when there is none.
 * @throws STORE_*
 */
export async function deeplySound(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  for await (const { ok, operation, depth, began } of newestFirst(store, target, backup, signal)) {
    if (ok && operation === 'verify' && depth === 'deep') return began;
  }
  return undefined;
}

/** Every proof of a backup, also those that count no more. @throws STORE_* */
export async function* newestFirst(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): AsyncGenerator<Proof> {
  const keys: string[] = [];
  try {
    const folder = backupFolder(target, backup) + PROOFS;
    for await (const key of documentsIn(store, folder, signal)) keys.push(key);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'OBJECT_DENIED') throw error;
    yield UNREADABLE;
    return;
  }
  for (const key of keys.toReversed()) yield await readProof(store, key, signal);
}

async function readProof(store: Store, key: string, signal?: AbortSignal): Promise<Proof> {
  const raw = await readJson(store, key, signal).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED') return null;
    throw error;
  });
  const parsed = proofSchema.safeParse(raw);
  return parsed.success ? parsed.data : UNREADABLE;
}

const UNREADABLE: Proof = { time: '', operation: 'unreadable', ok: false };
