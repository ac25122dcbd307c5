import type { Manifest } from '../catalog/manifest.ts';
import { products } from '../products/registry.ts';

type Measured = Pick<Manifest, 'product' | 'totals' | 'delegated' | 'detail'>;

/**
 * Says of what a backup holds less than half as much as its predecessor; undefined when of nothing. The bytes that an
 * incremental one adds say nothing about the database: they are measured only between two that rest on no other, and
 * what the product counted in the database always.
 */
export function shrinkage(now: Measured, before: Measured): string | undefined {
  const told = (what: string, then: string) =>
    `This backup holds ${what}, its predecessor ${then}: unless that is right, \`latest\` passes over it.`;
  const [held, once] = [heldBy(now), heldBy(before)];
  if (isHalved(held?.objects, once?.objects)) {
    return told(`${held?.objects} ${held?.words.objects}`, `${once?.objects}`);
  }
  if (isHalved(held?.places, once?.places)) {
    return told(`${held?.places} ${held?.words.places}`, `${once?.places}`);
  }
  if (!isWhole(now) || !isWhole(before)) return undefined;
  const [{ plainBytes, artifacts }, earlier] = [now.totals, before.totals];
  if (!isHalved(plainBytes, earlier.plainBytes) && !isHalved(artifacts, earlier.artifacts)) {
    return undefined;
  }
  return told(
    `${plainBytes} bytes in ${artifacts} artifacts`,
    `${earlier.plainBytes} in ${earlier.artifacts}`,
  );
}

function isHalved(now: number | undefined, before: number | undefined): boolean {
  return now !== undefined && before !== undefined && now < before / 2;
}

function heldBy({ product: { name }, detail }: Measured) {
  const product = products.find((one) => one.name === name);
  return product?.kind === 'delegated' ? product.held?.(detail) : undefined;
}

function isWhole({ delegated }: Measured): boolean {
  return (delegated?.bases ?? []).length === 0;
}
