import { HoldfastError } from '../failure.ts';

/**
 * Refuses a key that could mean another place in one kind of store than in another, or lead out of the store.
 * Whoever builds keys from names that come from outside must encode them first.
 */
export function checkKey(place: string, key: string): void {
  const segments = key.split('/');
  const sound = segments.every((s) => s !== '' && s !== '.' && s !== '..' && !FORBIDDEN.test(s));
  if (!sound || Buffer.byteLength(key) > MAX_KEY_BYTES || segments.some(tooLong)) {
    throw new HoldfastError(
      'STORE_REFUSED',
      `${place} cannot hold an object named ${JSON.stringify(key.slice(0, 200))}: it is no valid key.`,
    );
  }
}

/** A prefix is `''`, or the beginning of a key. */
export function checkPrefix(place: string, prefix: string): void {
  const whole = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (whole !== '') checkKey(place, whole);
}

/** The order of keys: by the bytes of UTF-8, as S3 lists them. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;
/** S3 allows 1,024 bytes; the store's own prefix needs some of them. */
const MAX_KEY_BYTES = 900;
/** A file name's limit on every common file system. */
const tooLong = (segment: string) => Buffer.byteLength(segment) > 255;
