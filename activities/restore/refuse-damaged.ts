import type { RestoreJob } from '../../workflows/contract/activities.ts';
import { foundDamaged } from '../catalog/damage.ts';
import { backupFolder } from '../catalog/layout.ts';
import { HoldfastError } from '../failure.ts';
import { checkArtifact } from '../pipeline/check-artifact.ts';
import { lineKey } from '../pipeline/line-key.ts';
import type { PlannedRestore } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { openerIfHere } from '../workspace.ts';

/**
 * What a destructive restore takes away cannot be put back, so what is to come in its place and was once found damaged is
 * read again before it: a store may have healed since.
 * @throws BACKUP_DAMAGED
 */
export async function refuseDamaged(
  store: Store,
  { snapshot, backup, destination }: RestoreJob,
  { summary, steps }: PlannedRestore,
  signal: AbortSignal,
): Promise<void> {
  if (!summary.destructive) return;
  const { target } = snapshot;
  const folder = backupFolder(target, backup);
  const keys = steps.flatMap(({ lines }) => lines.map((line) => lineKey(folder, line)));
  const known = await foundDamaged(store, target, keys, signal);
  if (known.size === 0) return;
  const opener = await openerIfHere(snapshot);
  for (const { subject, lines } of steps) {
    if (!lines.some((line) => known.has(lineKey(folder, line)))) continue;
    const { findings } = await checkArtifact({ store, folder, lines, opener, signal });
    const [first] = findings;
    if (!first) continue;
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `Backup ${backup} of ${target} is damaged, and this restore would replace what is in ${destination.target} by ` +
        `it; nothing was changed. Of ${subject}: ${first.message}`,
      { hint: 'Restore an older backup, or by their names the parts that are sound.' },
    );
  }
}
