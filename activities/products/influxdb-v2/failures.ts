import type { HttpResponse } from '../../http/client.ts';
import { HoldfastError } from '../../failure.ts';
import type { FailureCode } from '../../../workflows/contract/failures.ts';
import { shortened } from '../../shortened.ts';

/** What the server says of an error. */
export interface Complaint {
  status: number;
  code: string;
  message: string;
}

export async function readComplaint(response: HttpResponse): Promise<Complaint> {
  const text = await response.text(16 * 1024);
  return { status: response.status, ...parseComplaint(text) };
}

/** The first JSON object of a body: a panic in the server appends a second one. */
export function parseComplaint(text: string): { code: string; message: string } {
  const field = (name: string) =>
    new RegExp(`"${name}"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)"`).exec(text)?.[1] ?? '';
  return { code: field('code'), message: field('message').replaceAll('\\"', '"') };
}

/**
 * Judges a refusal. A token that the server does not know and one that lacks a right are both 401; only the message
 * tells them apart.
 */
export function refusal(complaint: Complaint, server: string, operation: string): HoldfastError {
  const { status, message } = complaint;
  const says = message === '' ? `HTTP ${status}` : `HTTP ${status}, "${shortened(message, 300)}"`;
  const fail = (code: FailureCode, what: string, hint?: string) =>
    new HoldfastError(
      code,
      `${server}: ${operation} failed: ${what} (${says}).`,
      hint === undefined ? {} : { hint },
    );
  if (status === 401 && /^(unauthorized( access)?)?$/.test(message)) {
    return fail(
      'AUTH_REJECTED',
      'the server does not know the token',
      'Check the token named in the configuration; a worker keeps the variables that it was started with. After a restore of the whole server only the tokens of that backup work: give one of them as `connection.tokenAfterRestore`. A server that was set up anew knows only the token of that: see "Onto a new server" in docs/operations.md.',
    );
  }
  if (status === 401 || status === 403) {
    return fail(
      'PERMISSION_MISSING',
      'it needs an operator token, and this token has fewer rights',
    );
  }
  if (status >= 300 && status < 400) {
    return fail('WRONG_SERVER', 'the address redirects elsewhere');
  }
  if (status === 413) {
    return fail(
      'TARGET_REFUSED',
      'something in front of the server takes no upload of this length',
      'Raise the limit of that proxy for bodies of requests (nginx: `client_max_body_size 0`), or give the address of the server itself as `connection.url`.',
    );
  }
  if (status === 404 && (message === 'path not found' || message === '')) {
    return fail('WRONG_SERVER', 'there is no such route');
  }
  if ([408, 429, 502, 503, 504].includes(status)) return fail('TARGET_BUSY', 'the server is busy');
  if (status >= 500) return fail('TARGET_ERROR', 'the server had an error');
  return fail('TARGET_REFUSED', 'the server refused it');
}
