import { errors } from 'undici';
import { HoldfastError } from '../failure.ts';
import { shortened } from '../shortened.ts';

/** What a failure's sentence says: `<server> (<origin>)` and `<operation>`. Neither holds a secret. */
export interface Subject {
  /** For people: `InfluxDB at http://127.0.0.1:8086`. */
  server: string;
  /** For people: `downloading shard 31`. */
  operation: string;
}

const UNKNOWN_HOST = new Set(['ENOTFOUND', 'EAI_NODATA']);
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_EXCEEDED|ERR_SSL_.*CERT)/;
const NOT_TLS = /^(EPROTO|ERR_SSL_)/;

/** Turns what the transport threw before a response began into the failure that a person can act on. */
export function connectFailure(cause: unknown, { server, operation }: Subject): HoldfastError {
  const { code, text } = describe(cause);
  const fail = (failure: ConstructorParameters<typeof HoldfastError>[0], what: string) =>
    new HoldfastError(failure, `${server}: ${operation} failed: ${what}.`, { cause });
  if (UNKNOWN_HOST.has(code)) return fail('HOST_UNKNOWN', 'the host name is not known');
  if (UNTRUSTED.test(code)) {
    return fail('TLS_UNTRUSTED', `its certificate is not trusted (${code})`);
  }
  if (NOT_TLS.test(code)) return fail('WRONG_SERVER', `no TLS is spoken there (${code})`);
  if (cause instanceof errors.HTTPParserError) {
    return fail('WRONG_SERVER', 'no HTTP is spoken there');
  }
  if (code === 'EAI_AGAIN') {
    return fail('TARGET_UNREACHABLE', 'the host name cannot be looked up now');
  }
  if (cause instanceof errors.InvalidArgumentError) {
    return new HoldfastError(
      'CONFIG_INVALID',
      `${server}: ${operation} cannot be asked: ${text}.`,
      {
        cause,
        hint: 'Look for line breaks and other invisible characters in its address and its secrets.',
      },
    );
  }
  if (code === 'ECONNREFUSED') return fail('TARGET_UNREACHABLE', 'the connection was refused');
  if (cause instanceof errors.ConnectTimeoutError) {
    return fail('TARGET_UNREACHABLE', 'nothing answered, as behind a firewall');
  }
  return fail('TARGET_UNREACHABLE', `the connection failed (${code || text})`);
}

/** Turns what broke a response in mid-body into a failure: the bytes so far are worth nothing. */
export function bodyFailure(cause: unknown, { server, operation }: Subject): HoldfastError {
  const { code, text } = describe(cause);
  return new HoldfastError(
    'SOURCE_TRUNCATED',
    `${server}: ${operation} broke off in the middle of the answer (${code || text}).`,
    { cause },
  );
}

/** Errors of sockets hide in `cause`, and in `errors` when several addresses were tried. */
function describe(error: unknown): { code: string; text: string } {
  let text = '';
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    text ||= at.message;
    const code = (at as NodeJS.ErrnoException).code;
    if (code && code !== 'UND_ERR_SOCKET') return { code, text };
    const several: unknown = at instanceof AggregateError ? at.errors[0] : undefined;
    at = several ?? at.cause;
  }
  return { code: '', text: shortened(text || 'no reason given', 300) };
}
