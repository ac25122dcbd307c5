export const ROLE = {
  metadata: 'metadata',
  shard: 'shard',
  manifest: 'official-manifest',
} as const;

/** What the vendor calls the backup: of the target and the time, in the letters that it allows. */
export function backupName(target: string, startedAt: Date): string {
  const time = startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `holdfast-${target.slice(0, 63)}-${time}Z`;
}
