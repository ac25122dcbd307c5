/**
 * A shard that was just made numbers its own files from 1, one for each time that it writes out its cache: none gets so
 * far. Nine digits hold this a hundred times over, for backups of what was restored.
 */
const RAISED_BY = 10_000_000;
const DIGITS = 9;
const NAME = /^(\d+)(-\d+\.(?:tsm|tombstone))$/;

/**
 * A file's name under a generation that no running shard reaches. Clients may write into a shard from the moment at which
 * it is made, and the server replaces a file of its own by one that is uploaded under the same name. All files keep their
 * order, by which the server knows which of two points is the newer one.
 * @param name without a folder
 */
export function raised(name: string): string {
  const [, generation, rest] = NAME.exec(name) ?? [];
  if (generation === undefined || rest === undefined) return name;
  return String(Number(generation) + RAISED_BY).padStart(DIGITS, '0') + rest;
}
