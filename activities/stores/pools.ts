import { Pool, type Dispatcher } from 'undici';
import { exchange, type Answer } from '../http/exchange.ts';

/**
 * Connections to each server, kept for the next request. undici's own Agent does the same until a server closes one:
 * then it confuses the pool of old with the new, forgets both, and from there on connects anew for every request
 * (7.30).
 */
export class Pools {
  readonly #options: Pool.Options;
  readonly #pools = new Map<string, Pool>();

  constructor(options: Pool.Options) {
    this.#options = options;
  }

  exchange(
    request: Dispatcher.DispatchOptions & { origin: string },
    signal: AbortSignal,
  ): Promise<Answer> {
    let pool = this.#pools.get(request.origin);
    if (!pool) {
      pool = new Pool(request.origin, this.#options);
      this.#pools.set(request.origin, pool);
    }
    return exchange(pool, request, signal);
  }

  /** Ends all connections, also those in use. */
  async destroy(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}
