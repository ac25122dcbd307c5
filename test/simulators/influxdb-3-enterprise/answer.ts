import { identify } from './access.ts';
import { type Exchange, noRoute, Refusal, sendRefusal } from './exchange.ts';
import { findRoute } from './routes/table.ts';
import { strikes } from './switches.ts';

/** Answers one request: general mishaps first, then token, then the route. */
export async function answer(exchange: Exchange): Promise<void> {
  const { response, request, cluster, switches, url } = exchange;
  const route = findRoute(request.method ?? 'GET', url.pathname);
  exchange.call = route?.call;
  try {
    response.setHeader('Date', cluster.now().toUTCString());
    if (!strikes(switches, 'noClusterUuid', exchange.call)) {
      response.setHeader('cluster-uuid', cluster.uuid);
    }
    if (mishap(exchange)) return;
    exchange.rights = identify(exchange);
    if (!route) throw noRoute();
    exchange.parts = route.parts;
    await route.handle(exchange);
  } catch (error) {
    if (response.destroyed) return;
    if (response.headersSent) response.destroy();
    else if (error instanceof Refusal) sendRefusal(exchange, error);
    else sendRefusal(exchange, new Refusal(500, error instanceof Error ? error.message : 'error'));
  }
}

function mishap(exchange: Exchange): boolean {
  const { request, switches, call } = exchange;
  if (call === undefined) return false;
  if (strikes(switches, 'connectionLost', call)) request.socket.destroy();
  else if (strikes(switches, 'silent', call)) request.resume();
  else if (strikes(switches, 'unavailable', call)) {
    sendRefusal(exchange, new Refusal(503, 'service unavailable'));
  } else if (strikes(switches, 'tooManyRequests', call)) {
    sendRefusal(exchange, new Refusal(429, 'too many requests'));
  } else if (strikes(switches, 'internalError', call)) {
    sendRefusal(exchange, new Refusal(500, 'internal error'));
  } else return false;
  request.resume();
  return true;
}
