import { Readable } from 'node:stream';
import type { ObjectLine } from '../catalog/manifest.ts';
import { storeArtifact } from '../pipeline/store-artifact.ts';
import type { Conclusion } from '../products/product.ts';
import { openerIfHere, sealerOf, withBackedUp } from '../workspace.ts';
import type { Collected } from './collect-receipts.ts';
import { measuredAgainst } from './measured-against.ts';
import type { UnderWay } from './under-way.ts';

/** Lets the product add its own files (the manifest that its official tool reads), and stores them. */
export async function concludeBackup(
  backup: UnderWay,
  { plan, lines, gone }: Collected,
): Promise<{ lines: ObjectLine[]; conclusion: Conclusion }> {
  const { at, job, store, folder } = backup;
  const { snapshot } = job;
  const conclusion = await withBackedUp(at, job, (session) =>
    session.backup.conclude({
      startedAt: new Date(job.scheduledAt ?? job.startedAt),
      detail: plan.detail,
      objects: Readable.from(lines) as AsyncIterable<ObjectLine>,
      gone,
      before: measuredAgainst(backup),
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
