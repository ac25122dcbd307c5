/** What differs between versions of the server. */
export interface Profile {
  /** The calls of backups and restores exist. */
  backups: boolean;
  /** A restore adds what is missing and shows after a restart of the nodes, or goes back to the backup at once. */
  restore: 'additive' | 'rollback';
}

export const PROFILES = {
  '3.9.2': { backups: false, restore: 'additive' },
  '3.10.0': { backups: true, restore: 'additive' },
  '3.11.2': { backups: true, restore: 'rollback' },
} as const satisfies Record<string, Profile>;

export type SimulatedVersion = keyof typeof PROFILES;

export const ROLES = ['all', 'compact', 'query', 'ingest'] as const;
export type Role = (typeof ROLES)[number];
