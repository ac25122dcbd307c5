import type { Resources } from './resources.ts';
import type { PlannedBucket } from './restore-detail.ts';

/** What scrapes into a bucket names it by its id. */
export async function moveScrapers(
  { replaces }: PlannedBucket,
  { id }: { id: string },
  resources: Resources,
): Promise<void> {
  if (!replaces) return;
  for (const scraper of await resources.scrapers()) {
    if (scraper.bucketID === replaces.id)
      await resources.changeScraper({ ...scraper, bucketID: id });
  }
}
