import { hostname } from 'node:os';

/** As the SDK names a worker, and what its configuration meant when it began. */
export function workerIdentity(digest: string): string {
  return `${process.pid}@${hostname()} config:${digest}`;
}

/** Undefined for a worker of an older version, which does not tell. */
export function digestIn(identity: string): string | undefined {
  return / config:([0-9a-f]{8})$/.exec(identity)?.[1];
}

export const ONE_NAMESPACE_EACH =
  'Give every installation a Temporal namespace of its own (`namespace` in the section `temporal`); within one, give every worker the same holdfast.yaml, and restart those that began before it was changed.';
