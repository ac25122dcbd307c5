import type { ObjectLine } from '../../catalog/manifest.ts';
import type { RestoreStep } from '../../products/product.ts';
import type { Store } from '../../stores/store.ts';
import type { RestoreReader } from '../backup-reader.ts';
import { checkObjects } from '../check-objects.ts';

/**
 * What is to be put back from the copy is there, and this host can decrypt it: better known before the first object
 * lies where the product expects it.
 * @throws IDENTITY_MISSING, BACKUP_DAMAGED
 */
export async function checkCopy(
  store: Store,
  reader: RestoreReader,
  steps: RestoreStep[],
  signal: AbortSignal,
): Promise<void> {
  const lines = steps.flatMap((step) => step.lines);
  await checkObjects(store, { ...reader, objects: () => lines }, signal);
  const encrypted = steps.filter((step) => step.lines.some((line) => line.encrypted));
  // A copy is encrypted for the same recipients throughout: its smallest object tells.
  const [smallest] = encrypted.toSorted((a, b) => storedBytes(a.lines) - storedBytes(b.lines));
  if (!smallest) return;
  for await (const _ of reader.open(smallest.lines)) break;
}

function storedBytes(lines: ObjectLine[]): number {
  return lines.reduce((sum, { bytes }) => sum + bytes, 0);
}
