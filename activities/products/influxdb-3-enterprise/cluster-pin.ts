import { HoldfastError } from '../../failure.ts';
import type { Answer } from './answer.ts';

/** Every answer names its cluster: an address that leads to another one in the middle must not be believed. */
export class ClusterPin {
  readonly #allowed = new Set<string>();
  #seen = '';

  constructor(configured: string | undefined) {
    if (configured !== undefined) this.#allowed.add(configured);
  }

  /** The identity of the cluster, as it was last seen; empty when no answer told it. */
  get uuid(): string {
    return this.#seen;
  }

  /** A restored catalog may bring its own identity. */
  allow(...uuids: (string | undefined)[]): void {
    for (const uuid of uuids) if (uuid) this.#allowed.add(uuid);
  }

  /** @throws WRONG_SERVER */
  check({ header, server, operation }: Answer): void {
    const uuid = header('cluster-uuid');
    if (uuid === undefined) return;
    if (this.#allowed.size === 0) this.#allowed.add(uuid);
    if (!this.#allowed.has(uuid)) {
      throw new HoldfastError(
        'WRONG_SERVER',
        `${server}: ${operation} was answered by cluster ${uuid}, and what it is asked about is of cluster ${[...this.#allowed].join(' or ')}.`,
        {
          hint: 'Give addresses that lead to this cluster only; where another one has taken its place for good, name that one as `connection.clusterUuid`.',
        },
      );
    }
    this.#seen = uuid;
  }
}
