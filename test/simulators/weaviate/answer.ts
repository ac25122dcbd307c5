import { once } from 'node:events';
import { identify } from './access.ts';
import { type Exchange, Refusal, sendJson, sendNothing } from './exchange.ts';
import { ROUTES } from './routes/table.ts';
import { type Fault, strikes } from './switches.ts';

/** Answers one request: general mishaps first, then the key, then the route. */
export async function answer(exchange: Exchange): Promise<void> {
  const { response } = exchange;
  try {
    const route = routeOf(exchange);
    const { switches } = exchange.world;
    if (await mishap(exchange)) return;
    if (!route.open) exchange.caller = identify(exchange);
    if (strikes(switches, 'answerLost', exchange.call)) loseAnswer(exchange);
    if (strikes(switches, 'answerCut', exchange.call)) cutAnswer(exchange);
    await route.handle(exchange);
  } catch (error) {
    if (response.destroyed) return;
    if (response.headersSent) response.destroy();
    else if (error instanceof Refusal) sendJson(response, error.status, error.body);
    else sendJson(response, 500, { error: [{ message: String(error) }] });
  } finally {
    exchange.request.resume();
  }
}

function routeOf(exchange: Exchange) {
  const { request, url, world } = exchange;
  const known = ROUTES.filter(
    (one) => one.path.test(url.pathname) && (one.exists?.(world.profile) ?? true),
  );
  const route = known.find(({ method }) => method === request.method);
  if (known.length === 0) throw new Refusal(404, `path ${url.pathname} was not found`, 404);
  if (!route) {
    const methods = known.map(({ method }) => method).join(',');
    const complaint = `method ${request.method} is not allowed, but [${methods}] are`;
    throw new Refusal(405, complaint, 405);
  }
  exchange.call = route.call;
  exchange.parts = (route.path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
  return route;
}

async function mishap({ request, response, world, call }: Exchange): Promise<boolean> {
  const befalls = (name: Fault) => strikes(world.switches, name, call);
  if (befalls('connectionLost')) request.socket.destroy();
  else if (befalls('silent')) {
    if (!response.destroyed) await once(response, 'close');
  } else if (befalls('answerEmpty')) sendNothing(response, 200);
  else if (befalls('unavailable')) sendJson(response, 503, { error: [{ message: 'starting' }] });
  else if (befalls('tooManyRequests')) {
    response.setHeader('Retry-After', '1');
    sendJson(response, 429, { error: [{ message: '429 Too many requests' }] });
  } else if (befalls('proxyReloads')) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('404 page not found\n');
  } else if (befalls('internalError')) {
    sendJson(response, 500, { error: [{ message: 'an unexpected error' }] });
  } else return false;
  return true;
}

/** The connection ends when everything was done. */
function loseAnswer({ request, response }: Exchange): void {
  response.end = () => {
    request.socket.destroy();
    return response;
  };
}

function cutAnswer({ response }: Exchange): void {
  const end = response.end.bind(response);
  response.end = (body?: unknown) => {
    if (!Buffer.isBuffer(body)) return end();
    response.removeHeader('Content-Length');
    return end(body.subarray(0, body.length / 2));
  };
}
