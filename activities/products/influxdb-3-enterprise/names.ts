import { HoldfastError } from '../../failure.ts';

/** Nothing is published on which names the server takes: these are safe in keys, paths and URLs. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function isSafeName(name: string): boolean {
  return NAME.test(name);
}

/** @throws INPUT_INVALID */
export function checkName(name: string): string {
  if (isSafeName(name)) return name;
  throw new HoldfastError(
    'INPUT_INVALID',
    `${JSON.stringify(name.slice(0, 200))} cannot be the name of a backup of InfluxDB 3 Enterprise.`,
  );
}

/** Where the server puts a backup, in the object store of the cluster. Ends in `/`. */
export function backupPrefix(clusterId: string, name: string): string {
  return `${clusterId}/backups/${checkName(name)}/`;
}
