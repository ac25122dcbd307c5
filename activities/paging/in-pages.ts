interface Size {
  count: number;
  bytes: number;
}

/**
 * Cuts a plan into pages: bounded in number and in bytes, so that a retry repeats little.
 * @param most of a page, as long as that does not make more than `pages` pages: the history of the run stays short
 */
export function* inPages<T>(
  items: T[],
  most: Size & { pages: number },
  sizeOf: (item: T) => Size,
): Generator<T[]> {
  const total = items.map(sizeOf).reduce(sum, NOTHING);
  const count = Math.max(most.count, Math.ceil(total.count / most.pages));
  const bytes = Math.max(most.bytes, Math.ceil(total.bytes / most.pages));
  let [page, held]: [T[], Size] = [[], NOTHING];
  for (const item of items) {
    page.push(item);
    held = sum(held, sizeOf(item));
    if (held.count < count && held.bytes < bytes) continue;
    yield page;
    [page, held] = [[], NOTHING];
  }
  if (page.length > 0) yield page;
}

const NOTHING: Size = { count: 0, bytes: 0 };

function sum(one: Size, other: Size): Size {
  return { count: one.count + other.count, bytes: one.bytes + other.bytes };
}
