export interface Version {
  text: string;
  /** Absent for a build without a version, which is taken for a new one. */
  number?: [major: number, minor: number, patch: number];
}

export function readVersion(text: string): Version {
  const number = parse(text);
  return { text: text.replace(/^v(?=\d)/, ''), ...(number && { number }) };
}

/**
 * Whether a version has what appeared in `firsts`. Weaviate mends several minor versions at once: `1.35.17`, `1.36.10`
 * and `1.37.0` mean those and their later patches, and everything above the last.
 */
export function isSince({ number }: Version, firsts: readonly string[]): boolean {
  if (number === undefined) return true;
  const known = firsts.flatMap((first) => {
    const parsed = parse(first);
    return parsed ? [parsed] : [];
  });
  const [major, minor, patch] = number;
  const own = known.find((first) => first[0] === major && first[1] === minor);
  if (own) return patch >= own[2];
  return known.every((first) => major > first[0] || (major === first[0] && minor > first[1]));
}

function parse(text: string): [number, number, number] | undefined {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : undefined;
}

/** What appeared when. */
export const SINCE = {
  supported: ['1.24.0'],
  cancel: ['1.24.25', '1.25.17', '1.26.5', '1.27.0'],
  overrides: ['1.27.2', '1.28.0'],
  principals: ['1.30.9', '1.31.2', '1.32.0'],
  overwriteAlias: ['1.32.5', '1.33.0'],
  zstd: ['1.32.18', '1.33.6', '1.34.1', '1.35.0'],
  inactiveTenants: ['1.35.17', '1.36.10', '1.37.0'],
  wildcards: ['1.36.0'],
  restoreCancel: ['1.36.0'],
  incremental: ['1.37.0'],
  nodesJoin: ['1.37.12', '1.38.3', '1.39.0'],
  honestStatus: ['1.37.10', '1.38.2', '1.39.0'],
  manyNodes: ['1.37.11', '1.38.3', '1.39.0'],
  includeUsers: ['1.38.3', '1.39.0'],
  includeRoles: ['1.38.10', '1.39.0'],
} as const;
