import type { ObjectLine } from '../catalog/manifest.ts';
import type { OpenArtifact } from '../products/product.ts';

/** How one object of an artifact came to be, as its name tells (docs/formats.md). */
export interface ObjectPathParts {
  attempt: number;
  codec: OpenArtifact['codec'];
  encrypted: boolean;
  /** Absent when the artifact is one object. */
  part?: number;
}

/** `x.tar` → `data/x~2.tar.gz.age.000`. */
export function objectPath(artifactPath: string, parts: ObjectPathParts): string {
  const { stem, extension } = splitPath(artifactPath);
  return [
    `data/${stem}`,
    parts.attempt > 1 ? `~${parts.attempt}` : '',
    extension,
    parts.codec === 'gzip' ? '.gz' : '',
    parts.encrypted ? '.age' : '',
    parts.part === undefined ? '' : `.${String(parts.part).padStart(3, '0')}`,
  ].join('');
}

/** The prefixes below which every object of an artifact lies, of any attempt; others may lie there too. */
export function objectPrefixes(artifactPath: string): string[] {
  const { stem, extension } = splitPath(artifactPath);
  // Without the split, a listing for `x.1` would run through `x.10` to `x.1999` as well.
  return extension === '' ? [`data/${stem}`] : [`data/${stem}${extension}`, `data/${stem}~`];
}

/** What an object's artifact is called once it is joined and decrypted: `data/x~2.tar.gz.age.000` is `x~2.tar.gz`. */
export function joinedName({
  path,
  encrypted,
  part,
}: Pick<ObjectLine, 'path' | 'encrypted' | 'part'>): string {
  const joined = part === undefined ? path : path.replace(/\.\d{3,}$/, '');
  return (encrypted ? joined.replace(/\.age$/, '') : joined).replace(/^data\//, '');
}

/** The inverse of `objectPath`. @returns undefined when the path is not one of this artifact */
export function parseObjectPath(artifactPath: string, path: string): ObjectPathParts | undefined {
  const { stem, extension } = splitPath(artifactPath);
  if (!path.startsWith(`data/${stem}`)) return undefined;
  const rest = path.slice(`data/${stem}`.length);
  const attempt = ATTEMPT.exec(rest);
  const suffixes = rest.slice(attempt?.[0].length ?? 0);
  if (!suffixes.startsWith(extension)) return undefined;
  const match = SUFFIXES.exec(suffixes.slice(extension.length));
  if (!match) return undefined;
  return {
    attempt: attempt ? Number(attempt[1]) : 1,
    codec: match[1] === undefined ? 'identity' : 'gzip',
    encrypted: match[2] !== undefined,
    ...(match[3] === undefined ? {} : { part: Number(match[3]) }),
  };
}

const ATTEMPT = /^~([2-9]|[1-9]\d+)/;
const SUFFIXES = /^(\.gz)?(\.age)?(?:\.(\d{3,}))?$/;

/** By its extension a product's own tool knows a file, so that stays at the end, whatever the attempt. */
function splitPath(path: string): { stem: string; extension: string } {
  const extension = /\.[a-z]+$/.exec(path)?.[0] ?? '';
  return { stem: path.slice(0, path.length - extension.length), extension };
}
