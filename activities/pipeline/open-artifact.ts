import { HoldfastError } from '../failure.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { Store } from '../stores/store.ts';
import { AgeFault } from './age/age-fault.ts';
import type { Opener } from './age/opener.ts';
import { FormatFault } from './formats/format-fault.ts';
import { gunzipped } from './gunzipped.ts';
import { lineKey } from './line-key.ts';
import { compareDigest, compareReading } from './compare-reading.ts';
import { orderParts } from './order-parts.ts';
import { readObject, type ObjectReading } from './read-object.ts';

export interface OpenArtifactOptions {
  store: Store;
  /** The key prefix of the backup, ending in `/`. */
  folder: string;
  /** Every line of one artifact, in any order. */
  lines: ObjectLine[];
  /** Needed for encrypted lines. */
  opener?: Opener | undefined;
  signal: AbortSignal;
  /** Default false: the bytes as the product sent them. */
  decompress?: boolean | undefined;
  /** Called with the length of each plain chunk, before decompression. */
  onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * The bytes of a committed artifact: parts joined, decrypted, and decompressed where asked for. Ends without throwing
 * only if every byte was there and every hash agreed, so a reader must not count as done before it has ended.
 * @throws BACKUP_DAMAGED naming the object, IDENTITY_MISSING, OBJECT_MISSING, STORE_*
 */
export function openArtifact(options: OpenArtifactOptions): AsyncIterable<Uint8Array> {
  const { lines, complete } = orderParts(options.lines);
  if (!complete) {
    const name = `${options.folder}${lines[0]?.part?.of ?? lines[0]?.path ?? ''}`;
    throw damaged(name, 'does not have all of its parts in the manifest');
  }
  const plain = joined(options, lines);
  const codec = lines[0]?.codec;
  if (!options.decompress || codec === 'identity') return plain;
  if (codec !== 'gzip') {
    throw new HoldfastError(
      'BACKUP_FORMAT_NEWER',
      `${options.folder}${lines[0]?.path} is compressed with ${codec}, which this version cannot read.`,
    );
  }
  return translated(gunzipped(plain), `${options.folder}${lines[0]?.path}`);
}

async function* joined(
  options: OpenArtifactOptions,
  lines: ObjectLine[],
): AsyncGenerator<Uint8Array> {
  const { store, folder, signal, onBytes } = options;
  for (const line of lines) {
    const key = lineKey(folder, line);
    if (line.encrypted && !options.opener) throw identityMissing(key, 'is encrypted');
    const object = readObject(store, key, line.encrypted ? options.opener : undefined, signal);
    try {
      for await (const chunk of object.bytes) {
        onBytes?.(chunk.length);
        yield chunk;
      }
    } catch (error) {
      throw error instanceof AgeFault ? ageFailure(error, key, line, object) : error;
    }
    const difference = compareReading(line, object);
    if (difference !== undefined) throw damaged(key, difference);
  }
}

/** A changed header reads like one for other keys; the hash of the whole object tells them apart. */
function ageFailure(fault: AgeFault, key: string, line: ObjectLine, object: ObjectReading) {
  const difference = compareDigest(line, object.stored);
  if (difference !== undefined) return damaged(key, difference);
  if (fault.kind === 'no identity') return identityMissing(key, fault.message);
  return damaged(key, fault.message);
}

function identityMissing(key: string, what: string): HoldfastError {
  return new HoldfastError('IDENTITY_MISSING', `${key} ${what}; no identity given here opens it.`);
}

function damaged(key: string, what: string): HoldfastError {
  return new HoldfastError('BACKUP_DAMAGED', `${key} ${what}.`);
}

async function* translated(
  source: AsyncIterable<Uint8Array>,
  key: string,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) yield chunk;
  } catch (error) {
    throw error instanceof FormatFault ? damaged(key, error.message) : error;
  }
}
