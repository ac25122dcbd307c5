/** The name that every file of a backup begins with, as the official tool builds it: `20261120T020000Z`. */
export function baseName(startedAt: Date): string {
  return `${startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

export const ROLE = {
  metadata: 'metadata',
  shard: 'shard',
  manifest: 'official-manifest',
} as const;

export const SUBJECT = {
  kv: 'metadata (kv)',
  sql: 'metadata (sql)',
  manifest: 'manifest of the official tool',
} as const;
