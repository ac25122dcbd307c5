import type { Manifest } from '../catalog/manifest.ts';
import { products } from '../products/registry.ts';

type Measured = Pick<Manifest, 'product' | 'totals' | 'delegated' | 'detail'>;

/** The tag by which a person says that the source is smaller for good; the next backup is measured against this one. */
export const ACCEPTS_SHRINKING = 'accept-shrunk';

/** So many are read for what one of them counted. */
const MOST_READ = 100;

/**
 * Of the backups before one, the newest first, those that it is measured against: the newest, and where that counted less
 * of the database than this one did, also those before it, down to one that counted as much. Else a loss would pass unseen
 * in any night in which not all could be counted.
 */
export async function yardsticks(
  earlier: AsyncIterable<Manifest>,
  now: Measured,
): Promise<Manifest[]> {
  const found: Manifest[] = [];
  const wanted = COUNTED.filter((what) => heldBy(now)?.[what] !== undefined);
  for await (const one of earlier) {
    found.push(one);
    const isCounted = wanted.every((what) => heldBy(one)?.[what] !== undefined);
    if (isCounted || ACCEPTS_SHRINKING in one.tags || found.length >= MOST_READ) break;
  }
  return found;
}

const COUNTED = ['objects', 'places'] as const;

/**
 * Says of what a backup holds less than half as much as those that it is measured against; undefined when of nothing. The
 * bytes that an incremental one adds say nothing about the database: they are measured only between two that rest on no
 * other, and what the product counted in the database always.
 * @param earlier as `yardsticks` found them
 */
export function shrinkage(
  now: Measured,
  earlier: readonly (Measured & Pick<Manifest, 'id'>)[],
): string | undefined {
  const [before] = earlier;
  if (!before) return undefined;
  const told = (what: string, then: string) =>
    `This backup holds ${what}, ${then}: unless that is right, \`latest\` passes over it.`;
  const held = heldBy(now);
  for (const what of COUNTED) {
    const counted = earlier.find((one) => heldBy(one)?.[what] !== undefined);
    const once = counted && heldBy(counted)?.[what];
    if (!counted || !isHalved(held?.[what], once)) continue;
    const whose =
      counted === before
        ? 'its predecessor'
        : `and ${counted.id}, the last one before it that counted all of them,`;
    return told(`${held?.[what]} ${held?.words[what]}`, `${whose} ${once}`);
  }
  if (!isWhole(now) || !isWhole(before)) return undefined;
  const [{ plainBytes, artifacts }, once] = [now.totals, before.totals];
  if (!isHalved(plainBytes, once.plainBytes) && !isHalved(artifacts, once.artifacts)) {
    return undefined;
  }
  return told(
    `${plainBytes} bytes in ${artifacts} artifacts`,
    `its predecessor ${once.plainBytes} in ${once.artifacts}`,
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
