/** What differs between the servers in the field, as far as backup and restore meet it. */
export interface Profile {
  /** As `/health` says it. */
  health: string;
  /** `/backup/metadata`, `/restore/sql` and `/restore/bucketMetadata` exist. */
  metadata: boolean;
  /** At most so many buckets are listed in the metadata; more are left out without a word. */
  listedBuckets: number;
  /** A failed restore of a shard is answered 200. */
  hidesFailedRestore: boolean;
  /** `Gzip-Compression-Level` is obeyed. */
  gzipLevels: boolean;
  /** Tokens are kept as hashes: a full restore cannot tell the operator's token. */
  hashedTokens: boolean;
}

const modern = {
  metadata: true,
  listedBuckets: Infinity,
  hidesFailedRestore: true,
  gzipLevels: false,
  hashedTokens: false,
};

export const PROFILES = {
  '2.0.9': { ...modern, health: '2.0.9', metadata: false, hidesFailedRestore: false },
  '2.1.1': { ...modern, health: 'v2.1.1', listedBuckets: 20, hidesFailedRestore: false },
  '2.4.0': { ...modern, health: 'v2.4.0', listedBuckets: 20 },
  '2.8.0': { ...modern, health: 'v2.8.0' },
  '2.9.1': { ...modern, health: 'v2.9.1', gzipLevels: true, hashedTokens: true },
  /** As its developers build it: without a number. */
  nightly: { ...modern, health: 'nightly', gzipLevels: true, hashedTokens: true },
} as const satisfies Record<string, Profile>;

export type SimulatedVersion = keyof typeof PROFILES;
