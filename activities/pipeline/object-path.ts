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
  const { stem, tar } = splitTar(artifactPath);
  return [
    `data/${stem}`,
    parts.attempt > 1 ? `~${parts.attempt}` : '',
    tar,
    parts.codec === 'gzip' ? '.gz' : '',
    parts.encrypted ? '.age' : '',
    parts.part === undefined ? '' : `.${String(parts.part).padStart(3, '0')}`,
  ].join('');
}

/** The prefixes below which every object of an artifact lies, of any attempt; others may lie there too. */
export function objectPrefixes(artifactPath: string): string[] {
  const { stem, tar } = splitTar(artifactPath);
  // Without the split, a listing for `x.1` would run through `x.10` to `x.1999` as well.
  return tar === '' ? [`data/${stem}`] : [`data/${stem}${tar}`, `data/${stem}~`];
}

/** The inverse of `objectPath`. @returns undefined when the path is not one of this artifact */
export function parseObjectPath(artifactPath: string, path: string): ObjectPathParts | undefined {
  const { stem, tar } = splitTar(artifactPath);
  if (!path.startsWith(`data/${stem}`)) return undefined;
  const pattern = tar === '' ? SUFFIXES : TAR_SUFFIXES;
  const match = pattern.exec(path.slice(`data/${stem}`.length));
  if (!match) return undefined;
  return {
    attempt: match[1] === undefined ? 1 : Number(match[1]),
    codec: match[2] === undefined ? 'identity' : 'gzip',
    encrypted: match[3] !== undefined,
    ...(match[4] === undefined ? {} : { part: Number(match[4]) }),
  };
}

const SUFFIXES = /^(?:~([2-9]|[1-9]\d+))?(\.gz)?(\.age)?(?:\.(\d{3,}))?$/;
const TAR_SUFFIXES = /^(?:~([2-9]|[1-9]\d+))?\.tar(\.gz)?(\.age)?(?:\.(\d{3,}))?$/;

function splitTar(path: string): { stem: string; tar: string } {
  return path.endsWith('.tar') ? { stem: path.slice(0, -4), tar: '.tar' } : { stem: path, tar: '' };
}
