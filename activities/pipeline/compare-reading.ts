import type { ObjectLine } from '../catalog/manifest.ts';
import type { ObjectReading } from './read-object.ts';

/** What of an object that was read to its end is not as the manifest says: the end of a sentence, or nothing. */
export function compareReading(line: ObjectLine, object: ObjectReading): string | undefined {
  const stored = compareDigest(line, object.stored);
  if (stored !== undefined) return stored;
  if (!line.plain || object.plain === object.stored) return undefined;
  const plain = compareDigest(line.plain, object.plain);
  return plain === undefined ? undefined : `decrypts to something else: it ${plain}`;
}

export function compareDigest(
  expected: { bytes: number; sha256: string },
  found: { bytes: number; sha256: string },
): string | undefined {
  if (found.bytes !== expected.bytes) {
    return `has ${found.bytes} bytes, where the manifest says ${expected.bytes}`;
  }
  if (found.sha256 !== expected.sha256) return 'has another SHA-256 than the manifest says';
  return undefined;
}
