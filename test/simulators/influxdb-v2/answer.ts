import { identify } from './access.ts';
import { type Exchange, GENERIC, Refusal, send, sendRefusal } from './exchange.ts';
import { gone } from './faulty-stream.ts';
import { ROUTES } from './routes/table.ts';
import { strikes } from './switches.ts';
import { GzipPanic } from './upload.ts';

/** Answers one request: general mishaps first, then token, then the route. */
export async function answer(exchange: Exchange): Promise<void> {
  const { response } = exchange;
  response.setHeader('X-Influxdb-Build', 'OSS');
  response.setHeader('X-Influxdb-Version', exchange.profile.health);
  // Node would add headers that Go does not send.
  response.removeHeader('Connection');
  try {
    if (await generalMishap(exchange)) return;
    await dispatch(exchange);
  } catch (error) {
    if (response.destroyed) return;
    if (response.headersSent) response.destroy();
    else if (error instanceof GzipPanic) sendPanic(exchange, error);
    else if (error instanceof Refusal) sendRefusal(exchange, error.code, error.message);
    else sendRefusal(exchange, 'internal error', GENERIC);
  }
}

async function dispatch(exchange: Exchange): Promise<void> {
  const { request, url, profile } = exchange;
  const known = ROUTES.filter(
    (route) => route.path.test(url.pathname) && (route.exists?.(profile) ?? true),
  );
  const route = known.find(({ method }) => method === request.method);
  exchange.indented = false;
  if (!known.some(({ open }) => open)) exchange.caller = identify(exchange);
  if (!route) {
    exchange.indented = known.every(({ compact }) => !compact);
    if (known.length === 0) throw new Refusal('not found', 'path not found');
    const allowed = [...known.map(({ method }) => method), 'OPTIONS'].join(', ');
    exchange.response.setHeader('Allow', allowed);
    throw new Refusal('method not allowed', `allow: ${allowed}`);
  }
  exchange.indented = route.compact !== true;
  exchange.parts = (route.path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
  await route.handle(exchange);
}

async function generalMishap(exchange: Exchange): Promise<boolean> {
  const { request, response, switches } = exchange;
  if (strikes(switches, 'connectionLost')) request.socket.destroy();
  else if (strikes(switches, 'silent')) await gone(response);
  else if (strikes(switches, 'unavailable')) sendRefusal(exchange, 'unavailable', 'starting');
  else if (strikes(switches, 'tooManyRequests')) {
    response.setHeader('Retry-After', '1');
    sendRefusal(exchange, 'too many requests', 'too many requests');
  } else if (strikes(switches, 'internalError')) sendRefusal(exchange, 'internal error', GENERIC);
  else return false;
  request.resume();
  return true;
}

function sendPanic({ response, url }: Exchange, { message }: GzipPanic): void {
  const panic = `a panic has occurred: ${url.pathname}: runtime error: invalid memory address or nil pointer dereference`;
  response.setHeader('X-Platform-Error-Code', 'invalid');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  const both = [
    { code: 'invalid', message: `failed to decode gzip request body: ${message}` },
    { code: 'internal error', message: panic },
  ];
  send(response, 400, Buffer.from(both.map((one) => JSON.stringify(one)).join('')));
}
