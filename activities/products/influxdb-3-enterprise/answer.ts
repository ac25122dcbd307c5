import { HoldfastError } from '../../failure.ts';
import { shortened } from '../../shortened.ts';
import type { FailureCode } from '../../../workflows/contract/failures.ts';

/** What one node answered. */
export interface Answer {
  /** For people: `InfluxDB 3 Enterprise at http://127.0.0.1:8181`. */
  server: string;
  operation: string;
  status: number;
  /** Undefined when the body is not JSON. Types of content say nothing: errors come without one. */
  json: unknown;
  text: string;
  header: (name: string) => string | undefined;
}

/** What a node does: compact, which includes backups and restores, or answer queries. */
export type Role = 'engine' | 'query';

/**
 * A node without the engine of backups has no such route, and says so in plain text; a missing backup is told in JSON.
 * 503 is said by nodes of another role, and by every node in passing. How a node without a query engine refuses a query
 * is not published.
 */
export function isAbsent({ status, json }: Answer, role: Role): boolean {
  if (status === 503 || (status === 404 && json === undefined)) return true;
  return role === 'query' && (status === 405 || status >= 500);
}

/** Whether a node itself says so: what lies between says 503 also when the node has taken the request. */
export function isItsOwn({ header, json }: Answer): boolean {
  return header('cluster-uuid') !== undefined || errorIn(json) !== undefined;
}

/** Of what counts as absent: it took the request and failed at it. */
export function isBroken({ status }: Answer): boolean {
  return status >= 500 && status !== 503;
}

/** What the server says of an error, for people. */
export function words({ status, json, text }: Answer): string {
  const said = errorIn(json) ?? text.trim();
  if (said === '') return `HTTP ${status}`;
  return `HTTP ${status}, "${shortened(said, 300)}"`;
}

function errorIn(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('error' in json)) return undefined;
  return typeof json.error === 'string' ? json.error : undefined;
}

/** Judges what no caller has an answer to. */
export function refusal(answer: Answer): HoldfastError {
  const { status, server, operation } = answer;
  const fail = (code: FailureCode, what: string) =>
    new HoldfastError(code, `${server}: ${operation} failed: ${what} (${words(answer)}).`);
  if (status === 401) return fail('AUTH_REJECTED', 'the server does not know the token');
  if (status === 403) return fail('PERMISSION_MISSING', 'it needs an admin (operator) token');
  if (status >= 300 && status < 400) return fail('WRONG_SERVER', 'the address redirects elsewhere');
  if ([408, 429, 502, 503, 504].includes(status)) return fail('TARGET_BUSY', 'the server is busy');
  if (status >= 500) return fail('TARGET_ERROR', 'the server had an error');
  return fail('TARGET_REFUSED', 'the server refused it');
}

/** Of a request that changes something. */
export function lostBetween(answer: Answer): HoldfastError {
  const { server, operation } = answer;
  return new HoldfastError(
    'TARGET_UNREACHABLE',
    `${server}: ${operation} failed: something between answered in the place of the server (${words(answer)}), so whether the server did it is not known.`,
  );
}

/** Whether a request may have been carried out although no answer came. */
export function isLost(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError &&
    ['TARGET_UNREACHABLE', 'SOURCE_STALLED', 'SOURCE_TRUNCATED'].includes(error.code)
  );
}

/** Whether it is certain that nothing came of a request. */
export function isRefused(error: unknown): boolean {
  return (
    error instanceof HoldfastError &&
    ['TARGET_REFUSED', 'AUTH_REJECTED', 'PERMISSION_MISSING'].includes(error.code)
  );
}

/** An empty answer may be an accident of what lies between; anything else that is no JSON is another program. */
export function garbled({ server, operation, text }: Answer): HoldfastError {
  return text.trim() === ''
    ? new HoldfastError('TARGET_ERROR', `${server}: ${operation} failed: the answer is empty.`)
    : new HoldfastError(
        'WRONG_SERVER',
        `${server}: ${operation} failed: the answer is not what InfluxDB 3 Enterprise answers, so another program answers there.`,
      );
}
