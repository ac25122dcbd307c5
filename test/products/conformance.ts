import { describe } from 'vitest';
import { describeAborts } from './conformance-abort.ts';
import { describeBackup } from './conformance-backup.ts';
import { describePreflight } from './conformance-preflight.ts';
import { describeRestore } from './conformance-restore.ts';
import { describeWholeRestore } from './conformance-whole.ts';
import type { ProductUnderTest } from './product-under-test.ts';

/**
 * The contract of activities/products/product.ts in executable form. The same cases run against a product's simulator
 * and against its real server, so that neither the adapter nor the simulator can be wrong alone.
 */
export function describeProduct(name: string, subject: ProductUnderTest): void {
  describe(name, () => {
    describePreflight(subject);
    describeBackup(subject);
    describeRestore(subject);
    describeWholeRestore(subject);
    describeAborts(subject);
  });
}
