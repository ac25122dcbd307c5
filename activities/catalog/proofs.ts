import { z } from 'zod';
import { runSuffix, timeName, type Operation } from '../../workflows/contract/names.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { putOnce, readJson, toJson } from './json.ts';
import { backupFolder, PROOFS } from './layout.ts';

/** What a verify, restore or drill found out about a backup. Written once, beside it. */
const proofSchema = z.object({
  time: z.string(),
  operation: z.string(),
  ok: z.boolean(),
  depth: z.string().optional(),
});
export type ProofSummary = z.infer<typeof proofSchema>;

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
  const keys: string[] = [];
  for await (const { key } of store.list(backupFolder(target, backup) + PROOFS, { signal })) {
    keys.push(key);
  }
  let newest: ProofSummary | undefined;
  for (const key of keys.toReversed()) {
    const proof = await readProof(store, key, signal);
    newest ??= proof;
    if (proof.depth === 'deep') return proof.ok ? newest : proof;
    if (!newest.ok) return newest;
  }
  return newest;
}

async function readProof(store: Store, key: string, signal?: AbortSignal): Promise<ProofSummary> {
  const raw = await readJson(store, key, signal).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED') return null;
    throw error;
  });
  const parsed = proofSchema.safeParse(raw);
  return parsed.success ? parsed.data : { time: '', operation: 'unreadable', ok: false };
}
