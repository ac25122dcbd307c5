import { Readable } from 'node:stream';
import type { BackupJob } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { storeArtifact } from '../pipeline/store-artifact.ts';
import type { Conclusion } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { openerIfHere, sealerOf, withBackedUp } from '../workspace.ts';
import type { Collected } from './collect-receipts.ts';
import { measuredAgainst } from './measured-against.ts';

/** Lets the product add its own files (the manifest that its official tool reads), and stores them. */
export async function concludeBackup(
  at: Attempt,
  job: BackupJob,
  store: Store,
  folder: string,
  { plan, lines, gone }: Collected,
): Promise<{ lines: ObjectLine[]; conclusion: Conclusion }> {
  const { snapshot } = job;
  const conclusion = await withBackedUp(at, job, (session) =>
    session.backup.conclude({
      startedAt: new Date(job.scheduledAt ?? job.startedAt),
      detail: plan.detail,
      objects: Readable.from(lines) as AsyncIterable<ObjectLine>,
      gone,
      before: measuredAgainst(store, job, at.signal),
    }),
  );
  const [sealer, opener] = [await sealerOf(snapshot), await openerIfHere(snapshot)];
  const all = [...lines];
  for (const { path, role, subject, bytes } of conclusion.files) {
    const stored = await storeArtifact({
      store,
      folder,
      artifact: { path, role, subject, format: 'bytes', key: {}, bytes: bytes.length },
      open: () => Promise.resolve({ body: Readable.from([bytes]), codec: 'identity' }),
      sealer,
      opener,
      signal: at.signal,
    });
    all.push(...stored);
  }
  return { lines: all, conclusion };
}
