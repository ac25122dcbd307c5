import type { VerifyJob } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { readCollected } from '../catalog/collected.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import type { Store } from '../stores/store.ts';

/** The same for each page, so that it is told once. */
export async function onlyHashed(
  store: Store,
  { snapshot: { target }, backup }: VerifyJob,
  signal: AbortSignal,
): Promise<Warning> {
  const manifest = await readManifest(store, target, backup, signal);
  const { encryption } = manifest.encryption
    ? manifest
    : ((await readCollected(store, target, backup, signal)) ?? manifest);
  const readers = encryption?.recipients.join(' or ') ?? 'others';
  return {
    code: 'ONLY_HASHED',
    message:
      `Backup ${backup} of ${target} is encrypted for the recipient ${readers} (fingerprint), for which this worker's ` +
      `identity does not serve: its objects have the right hashes or are told as findings, but were not opened.`,
    subject: backup,
  };
}
