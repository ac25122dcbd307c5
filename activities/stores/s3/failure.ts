import { HoldfastError } from '../../failure.ts';
import type { FailureCode } from '../../../workflows/contract/failures.ts';

/** What the SDK's errors and those of Node's sockets have in common. */
export interface S3Fault {
  /** S3's code (`AccessDenied`), or that of the socket (`ECONNRESET`). */
  code: string;
  status: number | undefined;
  message: string;
}

export function faultOf(error: unknown): S3Fault {
  const fields = (error ?? {}) as {
    name?: string;
    code?: unknown;
    Code?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number; headers?: Record<string, string> };
  };
  // An answer that is no S3 answer at all (a proxy's page) is known by its status alone.
  const status = fields.$metadata?.httpStatusCode ?? fields.$response?.statusCode;
  const named = status === undefined ? (fields.code ?? fields.name) : (fields.Code ?? fields.name);
  // The answer to a HEAD has no body that could say why.
  const skewed = status === 403 && Math.abs(skewMs(fields.$response?.headers)) > TOLERATED_SKEW_MS;
  return {
    code: skewed ? SKEWED : typeof named === 'string' ? named : 'Unknown',
    status,
    message: typeof fields.message === 'string' ? fields.message : '',
  };
}

/** How far this host is ahead of who answered. */
function skewMs(headers: Record<string, string> = {}): number {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? 0 : Date.now() - date;
}

/**
 * The one place that turns errors of the SDK into ours. `action` reads like `write metrics/x.tar`. What the store says
 * about denied access is left out: it may name keys and accounts.
 */
export function s3Failure(error: unknown, store: string, action: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const fault = faultOf(error);
  const { code, status } = fault;
  const fail = (failure: FailureCode, sentence: string, hint?: string) =>
    new HoldfastError(failure, `${store} ${sentence}.`, {
      cause: error,
      ...(hint !== undefined && { hint }),
    });

  const network = NETWORK[code];
  if (network) return fail(network[0], `could not ${action}: ${network[1]} (${code})`);
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return fail(
      'TLS_UNTRUSTED',
      `could not ${action}: its certificate is not trusted (${code})`,
      CA_HINT,
    );
  }
  if (code === 'CredentialsProviderError') {
    return fail('SECRET_MISSING', `could not ${action}: there are no credentials for it here`);
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return fail('CONFIG_INVALID', `cannot be asked to ${action}: ${fault.message}`, HEADER_HINT);
  }
  if (status === undefined) {
    return fail('STORE_UNREACHABLE', `could not ${action}: the connection failed (${code})`);
  }
  if (code === SKEWED) {
    return fail(
      'CLOCK_SKEWED',
      `refused to ${action}: its clock and that of this host differ (${code})`,
    );
  }
  if (code === 'NoSuchBucket') return fail('STORE_BUCKET_MISSING', 'is not there: no such bucket');
  if (isFull(fault)) return fail('STORE_FULL', `could not ${action}: it is full (${code})`);
  if (isOfArchived(fault)) {
    const reason = 'it is archived, and has to be brought back first';
    return fail('OBJECT_ARCHIVED', `refused to ${action}: ${reason} (${code})`);
  }
  if (isDenied(fault)) {
    const reason = DENIED[code] ?? 'access denied';
    return fail('STORE_DENIED', `refused to ${action}: ${reason} (${code})`);
  }
  if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed') {
    return fail(
      'STORE_REFUSED',
      `refused to ${action}: the bucket is in another region (${code})`,
      'Set `region` of the store to that of the bucket.',
    );
  }
  if (code === 'NoSuchUpload') {
    return fail('STORE_ERROR', `could not ${action}: somebody ended the upload (${code})`);
  }
  if (status === 404)
    return fail('OBJECT_MISSING', `could not ${action}: no such object (${code})`);
  const written = /^(?:write|copy .+ to) (.+)$/s.exec(action)?.[1];
  if (status === 412 && written !== undefined) {
    return fail('OBJECT_EXISTS', `already holds ${written}`);
  }
  if (status >= 500 && status !== 501) {
    return fail('STORE_ERROR', `could not ${action}: it answered ${status} (${code})`);
  }
  if (status === 429 || status === 409 || status === 408 || status < 300) {
    return fail('STORE_ERROR', `could not ${action}: it answered ${status} (${code})`);
  }
  const says = code === 'Unknown' ? '' : fault.message.replace(/\s+/g, ' ').slice(0, 160);
  const sentence = `refused to ${action}: it answered ${status} (${code}) ${says}`;
  return fail('STORE_REFUSED', sentence.replace(/[.\s]+$/, ''));
}

/** Answers after which the store should get less to do. */
export function isOverload(error: unknown): boolean {
  const { code, status } = faultOf(error);
  if (error instanceof HoldfastError) return error.code === 'STORE_STALLED';
  return status === 503 || status === 429 || SLOW.has(code);
}

/** Whether the same request, sent again, may be answered otherwise within seconds. */
export function isPassing(error: unknown): boolean {
  if (error instanceof HoldfastError) return error.code === 'STORE_STALLED';
  const fault = faultOf(error);
  if (NETWORK[fault.code]) return fault.code !== 'ENOTFOUND';
  if (fault.status === undefined || isFull(fault)) return fault.code === 'TimeoutError';
  if (SLOW.has(fault.code) || PASSING.has(fault.code)) return true;
  return (fault.status >= 500 && fault.status !== 501) || [408, 429].includes(fault.status);
}

export function isDenied({ code, status }: S3Fault): boolean {
  if (code === SKEWED || ARCHIVED.has(code)) return false;
  return status === 403 || status === 401 || DENIED[code] !== undefined;
}

/** Told with a 403, though no credentials would change it: the object lies in a class that is not read from. */
export function isOfArchived({ code }: S3Fault): boolean {
  return ARCHIVED.has(code);
}

function isFull({ code, status, message }: S3Fault): boolean {
  return status === 507 || FULL.test(code) || /no space left|disk (is )?full/i.test(message);
}

const SKEWED = 'RequestTimeTooSkewed';
/** S3 bears a quarter of an hour. */
const TOLERATED_SKEW_MS = 14 * 60_000;
const ARCHIVED = new Set(['InvalidObjectState', 'ObjectNotInActiveTierError']);
const CA_HINT = 'Name the certificate authority in NODE_EXTRA_CA_CERTS, or mend the certificate.';
const HEADER_HINT = 'Look for line breaks and other invisible characters in its credentials.';
const FULL = /StorageFull|InsufficientStorage|QuotaExceeded|EntityTooLargeForDisk/;
const SLOW = new Set([
  'SlowDown',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'TimeoutError',
]);
const PASSING = new Set([
  'InternalError',
  'OperationAborted',
  SKEWED,
  'BadDigest',
  'XAmzContentChecksumMismatch',
]);
const DENIED: Record<string, string> = {
  AccessDenied: 'access denied',
  AllAccessDisabled: 'access denied',
  ExpiredToken: 'the session token has expired',
  ExpiredTokenException: 'the session token has expired',
  InvalidToken: 'the session token is not valid',
  InvalidAccessKeyId: 'the access key is unknown',
  SignatureDoesNotMatch: 'the secret access key is wrong',
};
const NETWORK: Record<string, [FailureCode, string]> = {
  ENOTFOUND: ['HOST_UNKNOWN', 'its host name is unknown'],
  EAI_AGAIN: ['STORE_UNREACHABLE', 'its host name cannot be looked up now'],
  ECONNREFUSED: ['STORE_UNREACHABLE', 'nothing listens there'],
  ECONNRESET: ['STORE_UNREACHABLE', 'it cut the connection'],
  EPIPE: ['STORE_UNREACHABLE', 'it cut the connection'],
  ECONNABORTED: ['STORE_UNREACHABLE', 'the connection was cut'],
  ERR_STREAM_PREMATURE_CLOSE: ['STORE_UNREACHABLE', 'it cut the connection'],
  EHOSTUNREACH: ['STORE_UNREACHABLE', 'there is no route to it'],
  ENETUNREACH: ['STORE_UNREACHABLE', 'there is no network'],
  ETIMEDOUT: ['STORE_UNREACHABLE', 'it does not answer'],
  UND_ERR_SOCKET: ['STORE_UNREACHABLE', 'it cut the connection'],
  UND_ERR_CONNECT_TIMEOUT: ['STORE_UNREACHABLE', 'it does not answer'],
  UND_ERR_BODY_TIMEOUT: ['STORE_STALLED', 'it stopped answering'],
  TimeoutError: ['STORE_STALLED', 'it stopped answering'],
};

/** As S3 says it of every request but a HEAD, whose answer has no body. */
export function noBucket(): Error {
  return Object.assign(new Error(), {
    name: 'NoSuchBucket',
    $metadata: { httpStatusCode: 404 },
  });
}

/** Whether the store means the request as a whole, whatever it is about. */
export function isNotServed(error: unknown): boolean {
  const { code, status } = faultOf(error);
  const refused = ['NotImplemented', 'MethodNotAllowed', 'MissingContentMD5', 'InvalidRequest'];
  return status === 501 || status === 405 || refused.includes(code);
}
