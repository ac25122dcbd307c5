import { HoldfastError } from '../../failure.ts';
import type { FailureCode } from '../../../workflows/contract/failures.ts';
import { shortened } from '../../shortened.ts';

/** Judges a request that was refused as a whole. */
export function statusRefusal(
  server: string,
  operation: string,
  status: number,
  message: string,
): HoldfastError {
  const says = message === '' ? `HTTP ${status}` : `HTTP ${status}, "${shortened(message, 300)}"`;
  const fail = (code: FailureCode, what: string) =>
    new HoldfastError(code, `${server}: ${operation} failed: ${what} (${says}).`);
  if (status === 401) return fail('AUTH_REJECTED', 'the server does not take user and password');
  if (status === 403) {
    return fail('PERMISSION_MISSING', 'it needs an administrator, and this user is none');
  }
  if (status === 404) return fail('WRONG_SERVER', 'there is no such route');
  if (status < 400) return fail('WRONG_SERVER', 'the address redirects elsewhere');
  if ([408, 429, 502, 503, 504].includes(status)) return fail('TARGET_BUSY', 'the server is busy');
  if (status >= 500) return fail('TARGET_ERROR', 'the server had an error');
  return fail('TARGET_REFUSED', 'the server refused it');
}

/** Judges a statement that failed, which the server answers with status 200. */
export function queryRefusal(server: string, operation: string, message: string): HoldfastError {
  const fail = (code: FailureCode) =>
    new HoldfastError(code, `${server}: ${operation} failed: "${shortened(message, 300)}".`);
  if (/not authorized|requires admin privilege/.test(message)) return fail('PERMISSION_MISSING');
  if (
    /timeout|max-concurrent-queries|query interrupted|engine is closed|shard is disabled/.test(
      message,
    )
  ) {
    return fail('TARGET_BUSY');
  }
  return fail('TARGET_REFUSED');
}

/**
 * Limits that somebody set, and names that the server's language does not take: they say nothing of the data. Where one
 * question of a request is refused, those beside it are not executed.
 */
const NOT_OF_THE_DATA =
  /max-select-|query-timeout|unable to use system source|error parsing query|"not executed"/;

/** A question that the server may answer in parts, or for other measurements. */
export function isTooMuchAsked(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError &&
    ['TARGET_REFUSED', 'TARGET_BUSY'].includes(error.code) &&
    NOT_OF_THE_DATA.test(error.message)
  );
}

/** A limit of the server that a question of a shorter time may keep within. */
export function isLimit(error: Error): boolean {
  return isTimeLimit(error) || error.message.includes('max-select-point');
}

function isTimeLimit({ message }: Error): boolean {
  return message.includes('query-timeout');
}
