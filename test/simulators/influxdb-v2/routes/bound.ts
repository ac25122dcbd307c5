import { type Exchange, readJson, Refusal, sendJson } from '../exchange.ts';
import type { Scraper } from '../state.ts';

export function listScrapers(exchange: Exchange): void {
  const configurations = exchange.state.metadata.scrapers;
  sendJson(exchange, 200, { links: { self: '/api/v2/scrapers' }, configurations });
}

/** Whatever a change leaves out becomes empty. */
export async function updateScraper(exchange: Exchange): Promise<void> {
  const scraper = exchange.state.metadata.scrapers.find(({ id }) => id === exchange.parts[0]);
  if (!scraper) throw new Refusal('not found', 'scraper target is not found');
  const body = await readJson<Scraper>(exchange.request);
  const { name = '', type = '', url = '', bucketID = '', allowInsecure } = body;
  delete scraper.allowInsecure;
  Object.assign(scraper, { name, type, url, bucketID, ...(allowInsecure && { allowInsecure }) });
  sendJson(exchange, 200, scraper);
}

export function listReplications(exchange: Exchange): void {
  const { state, url } = exchange;
  const orgID = url.searchParams.get('orgID');
  if (orgID === null) throw new Refusal('invalid', 'invalid or missing org ID');
  const replications = state.metadata.replications.filter((one) => one.orgID === orgID);
  const [first] = replications;
  if (first && state.queuesMissing) {
    const message = `durable queue not found for replication ID "${first.id}"`;
    throw new Refusal('internal error', message);
  }
  sendJson(exchange, 200, { replications });
}
