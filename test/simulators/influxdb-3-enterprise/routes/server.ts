import { type Exchange, sendJson } from '../exchange.ts';

export function ping(exchange: Exchange): void {
  const { response, version, node } = exchange;
  response.setHeader('x-influxdb-version', version);
  response.setHeader('x-influxdb-build', 'Enterprise');
  sendJson(exchange, 200, { version, revision: 'simulated', process_id: node.name });
}

export function health(exchange: Exchange): void {
  sendJson(exchange, 200, { status: 'OK' });
}

export async function ready(exchange: Exchange): Promise<void> {
  try {
    await exchange.cluster.storage.list(`${exchange.cluster.id}/none`);
    sendJson(exchange, 200, { status: 'ready' });
  } catch {
    sendJson(exchange, 503, { error: 'the object store cannot be reached' });
  }
}
