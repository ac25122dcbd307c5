import type { Warning } from '../workflows/contract/progress.ts';
import type { ProductOption } from './products/product.ts';
import { findProduct } from './products/registry.ts';

/** A warning for each wish that the product does nothing with: legal, and yet not what its author may believe. */
export function notActedOn(
  name: string,
  asked: Partial<Record<ProductOption, boolean | undefined>>,
): Warning[] {
  const { honours = [] } = findProduct(name);
  return PRODUCT_OPTIONS.filter((option) => asked[option] && !honours.includes(option)).map(
    (option) => ({
      code: 'INPUT_NOT_ACTED_ON',
      message: `\`${option}\` does nothing with ${name}: ${REASONS[option]}.`,
      subject: option,
    }),
  );
}

const REASONS: Record<ProductOption, string> = {
  full: 'each of its backups is complete by itself',
  keepDeleted: 'what was deleted is not kept there',
};
const PRODUCT_OPTIONS = Object.keys(REASONS) as ProductOption[];
