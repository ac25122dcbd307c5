import { describe } from 'vitest';
import { describeDelegatedAborts } from './delegated-conformance-abort.ts';
import { describeDelegatedBackup } from './delegated-conformance-backup.ts';
import { describeDelegatedCancel } from './delegated-conformance-cancel.ts';
import { describeDelegatedInventory } from './delegated-conformance-inventory.ts';
import { describeDelegatedPreflight } from './delegated-conformance-preflight.ts';
import { describeDelegatedRestore } from './delegated-conformance-restore.ts';
import type { DelegatedUnderTest } from './delegated-under-test.ts';

/**
 * The contract of activities/products/delegated.ts in executable form. The same cases run against a product's simulator
 * and against its real server, so that neither the adapter nor the simulator can be wrong alone.
 */
export function describeDelegatedProduct(name: string, subject: DelegatedUnderTest): void {
  describe(name, () => {
    describeDelegatedPreflight(subject);
    describeDelegatedBackup(subject);
    describeDelegatedInventory(subject);
    describeDelegatedCancel(subject);
    describeDelegatedRestore(subject);
    describeDelegatedAborts(subject);
  });
}
