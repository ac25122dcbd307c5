import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { StoreSettings } from '../../../workflows/contract/snapshot.ts';
import type { StoreResources } from '../resources.ts';
import { readCredentials } from './credentials.ts';
import { CALL, createRequestHandler, type CallContext } from './request-handler.ts';

export type S3Settings = Extract<StoreSettings, { type: 's3' }>;

/**
 * AWS checks a CRC32 of every body. Services that imitate S3 have stored what they could not check, or refused it, so
 * they get none; the manifest's SHA-256 is the truth for both.
 */
export type ChecksumPolicy = 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';

export function checksumPolicy(settings: S3Settings): ChecksumPolicy {
  return settings.endpoint ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED';
}

/**
 * Whether a body's hash may be left out of the signature. Over TLS, and on this very machine, nobody can change a body
 * on its way, so hashing it once more would only cost; over any other plain connection it is the only protection.
 */
function isTrusted({ protocol, hostname }: { protocol: string; hostname: string }): boolean {
  return protocol === 'https:' || /^(localhost|\[?::1\]?|127\.[\d.]+)$/.test(hostname);
}

export function createS3Client(
  settings: S3Settings,
  resources: StoreResources,
  abilities: { signPayload: boolean },
): S3Client {
  const { credentials, endpoint } = settings;
  const region = settings.region ?? (endpoint === undefined ? undefined : 'us-east-1');
  const pathStyle = settings.forcePathStyle ?? endpoint !== undefined;
  const config: S3ClientConfig & { cacheMiddleware: boolean } = {
    requestHandler: createRequestHandler(resources.pools, resources),
    requestChecksumCalculation: checksumPolicy(settings),
    responseChecksumValidation: checksumPolicy(settings),
    forcePathStyle: pathStyle,
    expectContinueHeader: false,
    // Retries are ours (requests.ts): every answer counts for the adaptive limit.
    maxAttempts: 1,
    // Without these the SDK looks for them in files before its first request.
    retryMode: 'standard',
    defaultsMode: 'standard',
    useArnRegion: false,
    ...(endpoint !== undefined && {
      endpoint,
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
    }),
    ...(region !== undefined && { region }),
    ...(credentials && { credentials: () => readCredentials(credentials, settings.name) }),
    // The middleware is the same for all commands of a kind; building it anew costs a fifth of a small request.
    cacheMiddleware: true,
  };
  // The SDK tells every user of Node 20 what only a developer can change.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = new S3Client(config);
  // It prepares the whole of every request and answer for a log that nobody keeps.
  client.middlewareStack.remove('loggerMiddleware');
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as BuiltRequest;
      if (!abilities.signPayload && request.body instanceof Uint8Array && isTrusted(request)) {
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      }
      return next(args);
    },
    { step: 'build', name: 'unsignedPayload', priority: 'low' },
  );
  client.middlewareStack.add(
    (next) => (args) => {
      const { [CALL]: call } = args.input as { [CALL]?: CallContext };
      if (call) Object.assign(args.request as object, { [CALL]: call });
      return next(args);
    },
    { step: 'deserialize', name: 'callContext', priority: 'low' },
  );
  return client;
}

interface BuiltRequest {
  protocol: string;
  hostname: string;
  headers: Record<string, string>;
  body?: unknown;
}
