import { z } from 'zod';
import { runSuffix, timeName, type Operation } from '../../workflows/contract/names.ts';
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

/** The newest proof of a backup. One that cannot be read counts as failed: nothing is assumed. */
export async function newestProof(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<ProofSummary | undefined> {
  let newest: string | undefined;
  for await (const { key } of store.list(backupFolder(target, backup) + PROOFS, { signal })) {
    newest = key;
  }
  if (newest === undefined) return undefined;
  const parsed = proofSchema.safeParse(await readJson(store, newest, signal).catch(() => null));
  return parsed.success ? parsed.data : { time: '', operation: 'unreadable', ok: false };
}
