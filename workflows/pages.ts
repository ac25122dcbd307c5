import { CancellationScope, patched } from '@temporalio/workflow';
import { PAGES_IN_FLIGHT } from './contract/pages.ts';
import { isCancelled } from './failure.ts';

/**
 * Works through the pages of a plan, a few at a time, in order. When one fails for good the others are cancelled, and
 * it ends only when all have: nothing goes on behind the back of the cleaning up.
 * @param pages how many artifacts each page holds
 * @param streams how many there may be at a time; each page gets its share of them
 */
export async function eachPage(
  pages: number[],
  streams: number,
  work: (page: number, range: string, activityId: string, share: number) => Promise<void>,
): Promise<void> {
  const queue = pagesOf(pages);
  const scope = new CancellationScope();
  let failed = false;
  const lane = async (share: number) => {
    for (const { page, range } of queue) {
      if (failed) return;
      await work(page, range, `page-${page}`, share);
    }
  };
  const lanes = sharesOf(streams, pages.length).map((share) =>
    scope
      .run(() => lane(share))
      .catch((error: unknown) => {
        failed = true;
        scope.cancel();
        throw error;
      }),
  );
  const failures = (await Promise.allSettled(lanes)).filter(({ status }) => status === 'rejected');
  const first = failures.find(notCancelled) ?? failures[0];
  if (first) throw (first as PromiseRejectedResult).reason;
}

/** For each page under way, its part of the streams: a page without any would only wait. */
function sharesOf(streams: number, pages: number): number[] {
  const most = Math.min(PAGES_IN_FLIGHT, pages);
  const lanes = streams < most && patched('lanes-by-streams') ? streams : most;
  return Array.from({ length: lanes }, (_, lane) =>
    Math.max(1, Math.ceil((streams - lane) / lanes)),
  );
}

/** Ranges as a person counts: `1–64`, `65–128`. */
function pagesOf(pages: number[]): ArrayIterator<{ page: number; range: string }> {
  let start = 0;
  return pages
    .map((size, page) => {
      const range = `${start + 1}–${start + size}`;
      start += size;
      return { page, range };
    })
    .values();
}

function notCancelled(settled: PromiseSettledResult<void>): boolean {
  return settled.status === 'rejected' && !isCancelled(settled.reason);
}
