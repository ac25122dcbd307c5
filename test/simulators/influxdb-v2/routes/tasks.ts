import { type Exchange, send } from '../exchange.ts';

export function listTasks({ response, url, state }: Exchange): void {
  const limit = url.searchParams.get('limit') ?? '100';
  const status = url.searchParams.get('status');
  const tasks = state.metadata.tasks
    .filter((task) => status === null || task.status === status)
    .slice(0, Number(limit));
  const body = { links: { self: `/api/v2/tasks?limit=${limit}` }, tasks };
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  send(response, 200, Buffer.from(`${JSON.stringify(body)}\n`));
}
