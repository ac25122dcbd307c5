import { z } from 'zod';
import { runSuffix, timeName, type Operation } from '../../workflows/contract/names.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { putOnce, readJson, toJson } from './json.ts';
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
  /** At most the first 100. All that tells of damage where `damaged` was not written yet. */
  findings: z.array(z.object({ code: z.string(), object: z.string() })).optional(),
});
export type Proof = z.infer<typeof proofSchema>;

/** A run proves once: an attempt after one that was not answered finds the proof of that one. */
export async function recordProof(
  store: Store,
  target: string,
  backup: string,
  proof: ProofSummary & { operation: Operation; runId: string; [detail: string]: unknown },
  signal?: AbortSignal,
): Promise<void> {
  const folder = backupFolder(target, backup) + PROOFS;
  const ending = `-${runSuffix(proof.runId)}-${proof.operation}.json`;
  for await (const { key } of store.list(folder, { signal })) if (key.endsWith(ending)) return;
  await putOnce(store, folder + timeName(new Date(proof.time)) + ending, toJson(proof), signal);
}

/**
 * The proof that counts: the newest, but a failed deep verification until a later deep one finds nothing, since neither
 * a quick look nor a restore of some of it reads what that one read. A proof that is no proof counts as failed: nothing
 * is assumed. A store that cannot be read now is no reason to take another backup.
 * @throws STORE_*
 */
export async function newestProof(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<ProofSummary | undefined> {
  let newest: ProofSummary | undefined;
  for await (const proof of newestFirst(store, target, backup, signal)) {
    const summary = summarySchema.parse(proof);
    newest ??= summary;
    if (summary.depth === 'deep') return summary.ok ? newest : summary;
    if (!newest.ok) return newest;
  }
  return newest;
}

/**
 * The failed proofs that still count, by the same rule: those of depth `deep` since the last deep one that found nothing,
 * others since the last of any kind. Each may tell of other objects.
 * @throws STORE_*
 */
export async function failedProofs(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<Proof[]> {
  const failed: Proof[] = [];
  let soundSince = false;
  for await (const proof of newestFirst(store, target, backup, signal)) {
    if (proof.ok && proof.depth === 'deep') break;
    if (proof.ok) soundSince = true;
    else if (proof.depth === 'deep' || !soundSince) failed.push(proof);
  }
  return failed;
}

async function* newestFirst(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): AsyncGenerator<Proof> {
  const keys: string[] = [];
  for await (const { key } of store.list(backupFolder(target, backup) + PROOFS, { signal })) {
    keys.push(key);
  }
  for (const key of keys.toReversed()) yield await readProof(store, key, signal);
}

async function readProof(store: Store, key: string, signal?: AbortSignal): Promise<Proof> {
  const raw = await readJson(store, key, signal).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED') return null;
    throw error;
  });
  const parsed = proofSchema.safeParse(raw);
  return parsed.success ? parsed.data : { time: '', operation: 'unreadable', ok: false };
}
