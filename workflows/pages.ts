import { CancellationScope, isCancellation } from '@temporalio/workflow';

/** Pages under way at a time: the tail of one overlaps with the beginning of the next. */
export const PAGES_IN_FLIGHT = 2;

/**
 * Works through the pages of a plan, a few at a time, in order. When one fails for good the others are cancelled, and
 * it ends only when all have: nothing goes on behind the back of the cleaning up.
 * @param pages how many artifacts each page holds
 */
export async function eachPage(
  pages: number[],
  work: (page: number, range: string, activityId: string) => Promise<void>,
): Promise<void> {
  const starts = pages.map((_, page) => pages.slice(0, page).reduce((sum, size) => sum + size, 0));
  let next = 0;
  const scope = new CancellationScope();
  const lane = async () => {
    while (next < pages.length) {
      const page = next++;
      const start = starts[page]!;
      await work(page, `${start + 1}–${start + pages[page]!}`, `page-${page}`);
    }
  };
  await scope.run(async () => {
    const lanes = Array.from({ length: Math.min(PAGES_IN_FLIGHT, pages.length) }, () =>
      lane().catch((error: unknown) => {
        next = pages.length;
        scope.cancel();
        throw error;
      }),
    );
    const settled = await Promise.allSettled(lanes);
    const failed = settled.filter((lane) => lane.status === 'rejected');
    if (failed[0]) throw (failed.find(notCancelled) ?? failed[0]).reason;
  });
}

function notCancelled({ reason }: PromiseRejectedResult): boolean {
  return !isCancellation(reason);
}
