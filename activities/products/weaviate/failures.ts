import type { FailureCode } from '../../../workflows/contract/failures.ts';
import { HoldfastError } from '../../failure.ts';
import type { HttpResponse } from '../../http/client.ts';
import { shortened } from '../../shortened.ts';

/** What the server says of an error. */
export interface Complaint {
  status: number;
  message: string;
  form?: ComplaintForm;
}

/** Handlers say `{"error":[{"message"}]}`, the router and its validation say `{"code","message"}`; all else is of others. */
export type ComplaintForm = 'handler' | 'router' | 'empty' | 'foreign';

export async function readComplaint(response: HttpResponse): Promise<Complaint> {
  return { status: response.status, ...readBody(await response.text(64 * 1024)) };
}

function readBody(text: string): { message: string; form: ComplaintForm } {
  if (text.trim() === '') return { message: '', form: 'empty' };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { message: '', form: 'foreign' };
  }
  const { error, message } = (body ?? {}) as { error?: unknown; message?: unknown };
  if (Array.isArray(error)) {
    const messages = error
      .map((one: { message?: unknown } | null) => one?.message)
      .filter((one) => typeof one === 'string');
    return { message: messages.join('; '), form: 'handler' };
  }
  return typeof message === 'string'
    ? { message, form: 'router' }
    : { message: '', form: 'foreign' };
}

/** A refusal of any route. What 422 means depends on the route, so here it is final. */
export function refusal(complaint: Complaint, server: string, operation: string): HoldfastError {
  const { status, message } = complaint;
  const fail = (code: FailureCode, what: string) =>
    failure(code, complaint, server, operation, what);
  if (status === 401) return fail('AUTH_REJECTED', 'the server does not know the key or token');
  if (status === 403) return fail('PERMISSION_MISSING', `the key or token lacks ${right(message)}`);
  if (status >= 300 && status < 400) {
    return fail('WRONG_SERVER', 'the address redirects elsewhere');
  }
  if (status === 405 || (status === 404 && /^(path .* was not found)?$/.test(message))) {
    return fail('WRONG_SERVER', 'there is no such route');
  }
  if ([408, 429, 502, 503, 504].includes(status)) return fail('TARGET_BUSY', 'the server is busy');
  if (status >= 500) return fail('TARGET_ERROR', 'the server had an error');
  return fail('TARGET_REFUSED', 'the server refused it');
}

/** Whether a 404 says what it is that is not there, as the routes of backups always do. */
export function isItsOwn({ form }: Complaint): boolean {
  return form === undefined || form === 'handler' || form === 'router';
}

/** An ingress that is reloaded says 404 in the place of a server that is well. */
export function inItsPlace(complaint: Complaint, server: string, operation: string): HoldfastError {
  const what = 'not the server but something before it answered';
  return failure('TARGET_BUSY', complaint, server, operation, what);
}

/** The server names every right but this one, of which it names the object only. */
function right(message: string): string {
  return /\[backups\/collections\//.test(message) ? 'the right `manage_backups`' : 'a right';
}

export function failure(
  code: FailureCode,
  { status, message }: Complaint,
  server: string,
  operation: string,
  what: string,
): HoldfastError {
  const says = message === '' ? `HTTP ${status}` : `HTTP ${status}, ${quoted(message)}`;
  return new HoldfastError(code, `${server}: ${operation} failed: ${what} (${says}).`);
}

/** What the server says can be long: lists of classes, whole requests of its own to others. */
export function quoted(message: string): string {
  return `"${shortened(message.replaceAll(/\s+/g, ' ').trim(), 300)}"`;
}
