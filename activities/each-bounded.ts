/**
 * Works through a list, `limit` items at a time. After a failure no further item is begun, and it settles only when
 * those under way have ended: their signal is what ends them early.
 */
export async function eachBounded<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...items].entries();
  let failed = false;
  const lane = async () => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.max(1, limit) }, lane));
  for (const { status, reason } of lanes as PromiseRejectedResult[]) {
    if (status === 'rejected') throw reason;
  }
}
