import type { JobReport } from '../products/delegated.ts';
import { shortened } from '../shortened.ts';

/** What the product says of a job, as it may go on from here: its own words have any length. */
export async function polled(poll: () => Promise<JobReport>): Promise<JobReport> {
  const { state, words } = await poll();
  return { state, words: shortened(words) };
}
