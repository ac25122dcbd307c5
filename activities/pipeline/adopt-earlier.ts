import { HoldfastError } from '../failure.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { AgeFault } from './age/age-fault.ts';
import { FormatFault } from './formats/format-fault.ts';
import { createInspector } from './formats/create-inspector.ts';
import { objectPrefixes, parseObjectPath, type ObjectPathParts } from './object-path.ts';
import { readObject } from './read-object.ts';
import type { StoreArtifactOptions } from './store-artifact-options.ts';

/** The objects of one attempt, in the order of their parts. */
interface EarlierAttempt extends ObjectPathParts {
  paths: string[];
}

/**
 * Looks for what earlier attempts left, and takes what one of them recorded, or the newest that is whole: read back,
 * hashed, decrypted and checked in its format.
 * @returns its lines, if there is one, and the first attempt's number that no object bears yet
 */
export async function adoptEarlier(
  options: StoreArtifactOptions,
): Promise<{ lines?: ObjectLine[]; nextAttempt: number }> {
  const attempts = await listAttempts(options);
  const next = following(attempts);
  const { known, onBytes } = options;
  if (known && (await isThere(options, known))) {
    for (const line of known) onBytes?.((line.plain ?? line).bytes);
    return { lines: known, nextAttempt: next };
  }
  for (const attempt of attempts) {
    const lines = await adopt(options, attempt);
    if (lines) return { lines, nextAttempt: next };
  }
  return { nextAttempt: next };
}

/** The first attempt's number that no object bears yet, for whoever takes nothing over. */
export async function nextAttempt(options: StoreArtifactOptions): Promise<number> {
  return following(await listAttempts(options));
}

/** @param attempts newest first */
function following(attempts: EarlierAttempt[]): number {
  return (attempts[0]?.attempt ?? 0) + 1;
}

/** A record outlives its object where somebody tidies up, so it is never taken for one. */
async function isThere(
  { store, folder, sealer, signal }: StoreArtifactOptions,
  lines: ObjectLine[],
): Promise<boolean> {
  for (const { path, bytes, encrypted } of lines) {
    if (encrypted !== (sealer !== undefined)) return false;
    if ((await store.head(folder + path, { signal }))?.bytes !== bytes) return false;
  }
  return lines.length > 0;
}

/** Newest first. */
async function listAttempts(options: StoreArtifactOptions): Promise<EarlierAttempt[]> {
  const { store, folder, artifact, signal } = options;
  const attempts = new Map<string, EarlierAttempt>();
  for (const prefix of objectPrefixes(artifact.path)) {
    for await (const object of store.list(folder + prefix, { signal })) {
      const path = object.key.slice(folder.length);
      const parts = parseObjectPath(artifact.path, path);
      if (!parts) continue;
      const { attempt, codec, encrypted, part } = parts;
      const name = `${attempt} ${codec} ${encrypted} ${part !== undefined}`;
      const found = attempts.get(name) ?? { ...parts, paths: [] };
      found.paths[part ?? 0] = path;
      attempts.set(name, found);
    }
  }
  return [...attempts.values()].toSorted((a, b) => b.attempt - a.attempt);
}

const UNREAD = ['OBJECT_MISSING', 'OBJECT_ARCHIVED', 'OBJECT_UNREADABLE'];

async function adopt(
  options: StoreArtifactOptions,
  attempt: EarlierAttempt,
): Promise<ObjectLine[] | undefined> {
  const { sealer, opener, artifact } = options;
  // Only what this run itself would have written: never plain text where encryption is asked for.
  if (attempt.encrypted !== (sealer !== undefined)) return undefined;
  if (attempt.encrypted && !opener) return undefined;
  const inspector = createInspector(artifact.format, attempt.codec, artifact.bytes);
  try {
    const lines = await readLines(options, attempt, inspector);
    if (!lines) return undefined;
    await inspector.end();
    for (const line of lines) options.onBytes?.((line.plain ?? line).bytes);
    const { entries } = inspector;
    return lines.map((line, index) => (index === 0 && entries ? { ...line, entries } : line));
  } catch (error) {
    const bad = error instanceof FormatFault || error instanceof AgeFault;
    const unread = error instanceof HoldfastError && UNREAD.includes(error.code);
    if (bad || unread) return undefined;
    throw error;
  } finally {
    inspector.close?.();
  }
}

async function readLines(
  options: StoreArtifactOptions,
  attempt: EarlierAttempt,
  inspector: ReturnType<typeof createInspector>,
): Promise<ObjectLine[] | undefined> {
  const { store, folder, artifact, opener, signal } = options;
  const split = attempt.part !== undefined;
  const lines: ObjectLine[] = [];
  // `paths` may have holes: a part that is missing.
  for (let index = 0; index < attempt.paths.length; index++) {
    const path = attempt.paths[index];
    if (path === undefined) return undefined;
    const object = readObject(store, folder + path, attempt.encrypted ? opener : undefined, signal);
    for await (const chunk of object.bytes) await inspector.update(chunk);
    lines.push({
      path,
      bytes: object.stored.bytes,
      sha256: object.stored.sha256,
      ...(attempt.encrypted
        ? { plain: { bytes: object.plain.bytes, sha256: object.plain.sha256 } }
        : {}),
      codec: attempt.codec,
      encrypted: attempt.encrypted,
      ...(split ? { part: { of: artifact.path, index, count: attempt.paths.length } } : {}),
      role: artifact.role,
      subject: artifact.subject,
    });
  }
  return split && !isLastPart(lines, store.maxObjectBytes) ? undefined : lines;
}

/**
 * Whether the last part that is there is the last there was: the others are as long as an object may be, so a shorter
 * one ended with its source. (Encrypted ones stop less than one tag short of the limit, where a shorter one proves nothing.)
 */
function isLastPart(lines: ObjectLine[], maxObjectBytes: number): boolean {
  const last = lines.at(-1);
  return last !== undefined && last.bytes < maxObjectBytes - 16;
}
