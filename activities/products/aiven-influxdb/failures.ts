import type { FailureCode } from '../../../workflows/contract/failures.ts';
import { HoldfastError } from '../../failure.ts';
import { shortened } from '../../shortened.ts';

export const SERVICE_GONE = /service .* does not exist/i;

/** What the control plane says of a refusal: its form varies, and a proxy says it in HTML. */
export function complaintOf(text: string): string {
  try {
    const answer = JSON.parse(text) as { message?: unknown; errors?: unknown; error?: unknown };
    const [first] = Array.isArray(answer.errors) ? (answer.errors as unknown[]) : [];
    const nested =
      typeof first === 'object' && first !== null && 'message' in first ? first.message : first;
    for (const found of [answer.message, nested, answer.error]) {
      if (typeof found === 'string' && found !== '') return found;
    }
  } catch {
    // Not JSON: nothing that a person would want to read.
  }
  return '';
}

/** How long a refusal asks to be left alone, in milliseconds; undefined when it does not say. */
export function pauseAsked(message: string, retryAfter: string | undefined): number | undefined {
  const seconds =
    /try again in (\d+)\s*s/i.exec(message)?.[1] ?? /^\d+$/.exec(retryAfter ?? '')?.[0];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Judges a refusal of the control plane. */
export function refusal(
  server: string,
  operation: string,
  status: number,
  message: string,
): HoldfastError {
  const says = message === '' ? `HTTP ${status}` : `HTTP ${status}, "${shortened(message, 300)}"`;
  const fail = (code: FailureCode, what: string, hint?: string) =>
    new HoldfastError(
      code,
      `${server}: ${operation} failed: ${what} (${says}).`,
      hint === undefined ? {} : { hint },
    );
  if (status === 401) return fail('AUTH_REJECTED', 'the API does not know the token');
  if (status === 403) {
    return fail(
      'PERMISSION_MISSING',
      'the token may not do this, or is of no member of the project',
    );
  }
  if (status === 404 && SERVICE_GONE.test(message)) {
    return fail(
      'TARGET_REFUSED',
      'there is no such service',
      'Check `connection.project` and `connection.service`. Aiven ended this product on 30 April 2025 and removed every service.',
    );
  }
  if (status === 409 || status === 429 || status === 408) {
    return fail('TARGET_BUSY', 'the API asks to be left alone for a while');
  }
  if ([502, 503, 504].includes(status)) return fail('TARGET_BUSY', 'the API is not available now');
  if (status >= 500) return fail('TARGET_ERROR', 'the API had an error');
  return fail('TARGET_REFUSED', 'the API refused it');
}
