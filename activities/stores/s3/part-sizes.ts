import { HoldfastError } from '../../failure.ts';

/**
 * How a stream of unknown length is cut into parts. Nobody knows the length when the first part is sent, so on AWS the
 * parts grow once: small ones keep short streams cheap in memory, large ones let long streams fit into the part limit.
 * Elsewhere all have one size, since R2 refuses an object of others when all its bytes are there: small ones as well, and
 * larger ones only for an object that is known, or configured, to need them.
 */
export interface PartSizes {
  /** Bytes of the part with this number, counted from 1. */
  sizeOf(part: number): number;
  /** Parts of one stream on their way at a time. */
  inFlight(part: number): number;
  maxObjectBytes: number;
  maxParts: number;
}

const MiB = 1024 * 1024;
const FIRST = { size: 16 * MiB, count: 600 };
const REST = 64 * MiB;
/** What one stream has on its way, apart from the part that it is filling. */
const STREAM_BYTES = 64 * MiB;
/** AWS's own limit for an object. */
const MAX_OBJECT = 5 * 1024 ** 4;

/**
 * @param announced how long the stream is said to be
 * @throws CONFIG_INVALID when the largest object does not fit into the parts
 */
export function partSizes(
  store: string,
  settings: {
    endpoint?: string | undefined;
    partSize?: number | undefined;
    maxParts?: number | undefined;
    maxObjectSize?: number | undefined;
  },
  announced = 0,
): PartSizes {
  // Stores that imitate S3 often stop at 1,000 parts, and tell nobody.
  const maxParts = settings.maxParts ?? (settings.endpoint ? 1000 : 10_000);
  const longest = settings.maxObjectSize ?? announced;
  const fixed = settings.partSize ?? (settings.endpoint ? oneSize(longest, maxParts) : undefined);
  const first = Math.min(FIRST.count, maxParts);
  const room = fixed ? fixed * maxParts : first * FIRST.size + Math.max(0, maxParts - first) * REST;
  const maxObjectBytes = Math.min(settings.maxObjectSize ?? room, MAX_OBJECT);
  if (maxObjectBytes > room) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${store} has \`maxObjectSize\` ${settings.maxObjectSize}, which does not fit into ${maxParts} parts (${room} bytes).`,
    );
  }
  const sizeOf = (part: number) => fixed ?? (part <= FIRST.count ? FIRST.size : REST);
  return {
    sizeOf,
    inFlight: (part) => Math.max(1, Math.min(4, Math.floor(STREAM_BYTES / sizeOf(part)))),
    maxObjectBytes,
    maxParts,
  };
}

function oneSize(longest: number, maxParts: number): number {
  const needed = Math.ceil(longest / maxParts / MiB) * MiB;
  return Math.min(REST, Math.max(FIRST.size, needed));
}
