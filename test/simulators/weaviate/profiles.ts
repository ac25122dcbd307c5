/** What differs between the servers in the field, as far as backup and restore meet it. */
export interface Profile {
  version: string;
  /** `absent`: 405. `not-implemented`: 500. `plain`: without size and order. */
  list: 'absent' | 'not-implemented' | 'plain' | 'full';
  /** `DELETE` of a backup. */
  cancel: boolean;
  /** `Bucket` and `Path`, in the body and in queries. */
  elsewhere: boolean;
  /** `startedAt` and `completedAt` in the status of a backup. */
  times: boolean;
  /** `size` in the status of a backup. */
  size: boolean;
  aliases: boolean;
  /** Users and roles are restored when they are asked for. */
  access: boolean;
  /** zstd and no compression. */
  zstd: boolean;
  incremental: boolean;
  /** A node that the base holds nothing of makes its part a full one; before, it fails. */
  nodesJoin: boolean;
  /** Tenants that are not active are backed up too. */
  inactiveTenants: boolean;
  /** Restores can be cancelled and show FINALIZING; `include` and `exclude` take `*` and `?`. */
  modernRestore: boolean;
  /** Faults of storage and nodes are 5xx; before, everything is 422. */
  operationalFaults: boolean;
  /** A node that could not write its `backup.json` makes the backup fail. */
  trustsNodes: boolean;
  /** Refuses backups of servers before 1.23. */
  refusesAncient: boolean;
}

const first: Profile = {
  version: '1.24.20',
  list: 'absent',
  cancel: false,
  elsewhere: false,
  times: false,
  size: false,
  aliases: false,
  access: false,
  zstd: false,
  incremental: false,
  nodesJoin: false,
  inactiveTenants: false,
  modernRestore: false,
  operationalFaults: false,
  trustsNodes: false,
  refusesAncient: false,
};
const cancelling: Profile = {
  ...first,
  version: '1.27.2',
  list: 'not-implemented',
  cancel: true,
  elsewhere: true,
};
const timed: Profile = {
  ...cancelling,
  version: '1.33.0',
  list: 'plain',
  times: true,
  aliases: true,
  access: true,
};
const modern: Profile = {
  ...timed,
  version: '1.36.0',
  list: 'full',
  size: true,
  zstd: true,
  modernRestore: true,
};
const incremental: Profile = {
  ...modern,
  version: '1.37.11',
  incremental: true,
  inactiveTenants: true,
  operationalFaults: true,
};
const mended: Profile = {
  ...incremental,
  version: '1.38.11',
  nodesJoin: true,
  trustsNodes: true,
  refusesAncient: true,
};

/** By the version that the server tells. */
export const PROFILES = {
  '1.24.20': first,
  '1.27.2': cancelling,
  '1.33.0': timed,
  '1.36.0': modern,
  '1.37.11': incremental,
  '1.38.11': mended,
  '1.39.0': { ...mended, version: '1.39.0', trustsNodes: false },
} as const satisfies Record<string, Profile>;

export type SimulatedVersion = keyof typeof PROFILES;
