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

/** What a request came to, and what was asked for: `write metrics/x.tar`. */
interface Asked extends S3Fault {
  action: string;
}

/** What a fault means to whoever has to mend it. */
interface Meaning {
  code: FailureCode;
  /** Goes on after the name of the store. */
  says: (asked: Asked) => string;
  hint?: string;
}

/**
 * The one place that turns errors of the SDK into ours. `action` reads like `write metrics/x.tar`. What the store says
 * about denied access is left out: it may name keys and accounts.
 */
export function s3Failure(error: unknown, store: string, action: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const asked = { ...faultOf(error), action };
  const { code, says, hint } = meaningOf(asked);
  return new HoldfastError(code, `${store} ${says(asked)}.`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

function meaningOf(asked: Asked): Meaning {
  const network = NETWORK[asked.code];
  if (network) return { code: network[0], says: couldNot(network[1]) };
  return MEANINGS.find(({ fits }) => fits(asked)) ?? REFUSED;
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

function couldNot(why: string): Meaning['says'] {
  return ({ action, code }) => `could not ${action}: ${why} (${code})`;
}

function refused(why: string): Meaning['says'] {
  return ({ action, code }) => `refused to ${action}: ${why} (${code})`;
}

function written({ action }: Asked): string | undefined {
  return /^(?:write|copy .+ to) (.+)$/s.exec(action)?.[1];
}

/** Faults of an answer or of the way to it, beyond those in `NETWORK`: the first row that fits tells what it means. */
const MEANINGS: (Meaning & { fits: (asked: Asked) => boolean })[] = [
  {
    fits: ({ code }) => /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code),
    code: 'TLS_UNTRUSTED',
    says: couldNot('its certificate is not trusted'),
    hint: 'Name the certificate authority in NODE_EXTRA_CA_CERTS, or mend the certificate.',
  },
  {
    fits: ({ code }) => code === 'CredentialsProviderError',
    code: 'SECRET_MISSING',
    says: ({ action }) => `could not ${action}: there are no credentials for it here`,
  },
  {
    fits: ({ code }) => code === 'UND_ERR_INVALID_ARG',
    code: 'CONFIG_INVALID',
    says: ({ action, message }) => `cannot be asked to ${action}: ${message}`,
    hint: 'Look for line breaks and other invisible characters in its credentials.',
  },
  {
    fits: ({ status }) => status === undefined,
    code: 'STORE_UNREACHABLE',
    says: couldNot('the connection failed'),
  },
  {
    fits: ({ code }) => code === SKEWED,
    code: 'CLOCK_SKEWED',
    says: refused('its clock and that of this host differ'),
  },
  {
    fits: ({ code }) => code === 'NoSuchBucket',
    code: 'STORE_BUCKET_MISSING',
    says: () => 'is not there: no such bucket',
  },
  { fits: isFull, code: 'STORE_FULL', says: couldNot('it is full') },
  {
    fits: isOfArchived,
    code: 'OBJECT_ARCHIVED',
    says: refused('it is archived, and has to be brought back first'),
  },
  {
    fits: isDenied,
    code: 'STORE_DENIED',
    says: (asked) => refused(DENIED[asked.code] ?? 'access denied')(asked),
  },
  {
    fits: ({ code, status }) =>
      status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed',
    code: 'STORE_REFUSED',
    says: refused('the bucket is in another region'),
    hint: 'Set `region` of the store to that of the bucket.',
  },
  {
    fits: ({ code }) => code === 'NoSuchUpload',
    code: 'STORE_ERROR',
    says: couldNot('somebody ended the upload'),
  },
  {
    fits: ({ status }) => status === 404,
    code: 'OBJECT_MISSING',
    says: couldNot('no such object'),
  },
  {
    fits: (asked) => asked.status === 412 && written(asked) !== undefined,
    code: 'OBJECT_EXISTS',
    says: (asked) => `already holds ${written(asked)}`,
  },
  {
    fits: ({ status = 0 }) =>
      (status >= 500 && status !== 501) || [408, 409, 429].includes(status) || status < 300,
    code: 'STORE_ERROR',
    says: (asked) => couldNot(`it answered ${asked.status}`)(asked),
  },
];

/** Nothing of the kind: then the store's own words may help. */
const REFUSED: Meaning = {
  code: 'STORE_REFUSED',
  says: ({ action, status, code, message }) => {
    const words = code === 'Unknown' ? '' : message.replace(/\s+/g, ' ').slice(0, 160);
    const sentence = `refused to ${action}: it answered ${status} (${code}) ${words}`;
    return sentence.replace(/[.\s]+$/, '');
  },
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
  const codes = ['NotImplemented', 'MethodNotAllowed', 'MissingContentMD5', 'InvalidRequest'];
  return status === 501 || status === 405 || codes.includes(code);
}
