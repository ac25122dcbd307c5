import { HoldfastError } from '../../activities/failure.ts';

/** As gRPC numbers them. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
/** Also of a gateway that passes on only what it knows. */
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

const CREDENTIALS_HINT =
  'Check `apiKey` and `tls` in the section `temporal` of the configuration, else TEMPORAL_* variables and temporal.toml.';
const RIGHTS_HINT =
  'They must be allowed to write in the namespace, and to call `GetClusterInfo` ("More workers" in docs/operations.md). They stand in the section `temporal` of the configuration, else in TEMPORAL_* variables and temporal.toml.';
const NAMESPACE_HINT =
  'Correct `namespace` in the section `temporal` of the configuration, or TEMPORAL_NAMESPACE; or create it in Temporal.';

interface GrpcAnswer {
  code: number;
  text: string;
}

/**
 * What Temporal's server answered, or its client made of that, as AUTH_REJECTED, PERMISSION_MISSING, CONFIG_INVALID (no
 * such namespace) or TEMPORAL_UNREACHABLE; undefined for an error of another origin. Errors are known by their names
 * and shapes: most verbs can do without loading Temporal's client.
 * @param server as the sentence names it
 */
export function temporalRefusal(error: unknown, server = 'Temporal'): HoldfastError | undefined {
  if (!(error instanceof Error)) return undefined;
  const grpc = grpcAnswerIn(error);
  const options = { cause: error };
  const namespace = missingNamespace(error, grpc);
  if (namespace !== undefined) {
    const message = `${server} has no namespace "${namespace}".`;
    return new HoldfastError('CONFIG_INVALID', message, { ...options, hint: NAMESPACE_HINT });
  }
  if (!grpc && error.name !== 'ServiceError') return undefined;
  const reason = (grpc?.text ?? innermost(error).message).replace(/\.$/, '');
  if (grpc?.code === UNAUTHENTICATED) {
    const message = `${server} does not take these credentials: ${reason}.`;
    return new HoldfastError('AUTH_REJECTED', message, { ...options, hint: CREDENTIALS_HINT });
  }
  if (grpc?.code === PERMISSION_DENIED) {
    const message = `${server} does not allow this with these credentials: ${reason}.`;
    return new HoldfastError('PERMISSION_MISSING', message, { ...options, hint: RIGHTS_HINT });
  }
  return new HoldfastError(
    'TEMPORAL_UNREACHABLE',
    `${server} refused or broke off: ${reason}.`,
    options,
  );
}

/** Whether Temporal, or what stands before it, does not have this call made, now or later. */
export function isForbidden(error: unknown): boolean {
  return isUnknownCall(error) || codeOf(error) === PERMISSION_DENIED;
}

/** Whether what stands before Temporal, or an old one, does not know this call. */
export function isUnknownCall(error: unknown): boolean {
  return codeOf(error) === UNIMPLEMENTED;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error ? grpcAnswerIn(error)?.code : undefined;
}

function missingNamespace(error: Error, grpc: GrpcAnswer | undefined): string | undefined {
  if (error.name === 'NamespaceNotFoundError' && 'namespace' in error) {
    return String(error.namespace);
  }
  if (grpc?.code !== NOT_FOUND) return undefined;
  return /^Namespace (\S+) is not found/.exec(grpc.text)?.[1];
}

/** Both clients give their errors the number; the words stand in the details of one and in the message of the other. */
function grpcAnswerIn(error: Error): GrpcAnswer | undefined {
  const details = 'details' in error && typeof error.details === 'string' ? error.details : '';
  if ('code' in error && typeof error.code === 'number' && 'details' in error) {
    return { code: error.code, text: details || error.message };
  }
  return error.cause instanceof Error ? grpcAnswerIn(error.cause) : undefined;
}

function innermost(error: Error): Error {
  return error.cause instanceof Error ? innermost(error.cause) : error;
}
