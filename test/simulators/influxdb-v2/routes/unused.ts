import { type Exchange, sendJson } from '../exchange.ts';

/** The simulator has none, and says so as a server without any says it. */
export function listDashboards(exchange: Exchange): void {
  const { searchParams } = exchange.url;
  const query = `descending=false&limit=${searchParams.get('limit') ?? 20}&offset=0`;
  sendJson(exchange, 200, { links: { self: `/api/v2/dashboards?${query}` }, dashboards: [] });
}
