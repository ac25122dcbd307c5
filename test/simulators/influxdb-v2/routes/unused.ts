import { type Exchange, send, sendJson } from '../exchange.ts';

// What the simulator has none of, said as a server without any says it.

export function listDashboards(exchange: Exchange): void {
  const { searchParams } = exchange.url;
  const query = `descending=false&limit=${searchParams.get('limit') ?? 20}&offset=0`;
  sendJson(exchange, 200, { links: { self: `/api/v2/dashboards?${query}` }, dashboards: [] });
}

export function listTasks({ response, url }: Exchange): void {
  const limit = url.searchParams.get('limit') ?? '100';
  const body = { links: { self: `/api/v2/tasks?limit=${limit}` }, tasks: [] };
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  send(response, 200, Buffer.from(`${JSON.stringify(body)}\n`));
}
