import type { Rights } from './cluster.ts';
import { type Exchange, Refusal } from './exchange.ts';
import { strikes } from './switches.ts';

const OPEN = new Set(['ready']);
/** The specification names a token only, where elsewhere it says "or admin user". */
const TOKEN_ONLY = new Set(['listBackups', 'startBackup', 'startRestore']);

/** Who asks. @throws Refusal */
export function identify({ request, call, cluster, switches }: Exchange): Rights | undefined {
  if (call !== undefined && OPEN.has(call)) return undefined;
  const { authorization } = request.headers;
  if (authorization === undefined) throw notAuthenticated();
  const found = /^(Bearer|Token|Basic) (\S+)$/.exec(authorization);
  if (!found) throw new Refusal(400, 'Authorization header was malformed');
  const [, scheme, value = ''] = found;
  const token = scheme === 'Basic' ? afterColon(value) : value;
  const rights = cluster.tokens.get(token);
  if (!rights || strikes(switches, 'tokenRevoked', call)) throw notAuthenticated();
  return rights;
}

/** @throws Refusal */
export function demandAdmin({ rights, call = 'ping', switches }: Exchange): void {
  const person = rights === 'admin-user';
  const allowed =
    rights === 'operator' || (person && (switches.adminUsers === 'prose' || !TOKEN_ONLY.has(call)));
  if (!allowed) throw new Refusal(403, 'the request was not authorized');
}

function notAuthenticated(): Refusal {
  return new Refusal(401, 'the request was not authenticated');
}

function afterColon(encoded: string): string {
  return Buffer.from(encoded, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
}
