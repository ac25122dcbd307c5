import type { RestoreJob } from '../workflows/contract/activities.ts';
import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';
import type { Attempt } from './attempt.ts';
import type { Dependencies } from './dependencies.ts';
import { createOpener, type Opener } from './pipeline/age/opener.ts';
import { createSealer, type Sealer } from './pipeline/age/sealer.ts';
import { Throttle } from './pipeline/throttle.ts';
import type { ProductSession } from './products/product.ts';
import { findProduct } from './products/registry.ts';
import { readSecret } from './secrets.ts';
import { openStore } from './stores/open-store.ts';
import type { Store } from './stores/store.ts';

/** Works with the store of a target, and closes it. */
export async function withStore<T>(
  deps: Dependencies,
  snapshot: TargetSnapshot,
  body: (store: Store) => Promise<T>,
): Promise<T> {
  const store = openStore(snapshot.store, deps.stores);
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}

/** Works with the database of a target, and disconnects. */
export async function withSession<T>(
  at: Attempt,
  snapshot: TargetSnapshot,
  body: (session: ProductSession) => Promise<T>,
  source?: TargetSnapshot,
): Promise<T> {
  const session = findProduct(snapshot.product).connect({
    target: snapshot.target,
    connection: snapshot.connection,
    concurrency: snapshot.limits.concurrency,
    stallMs: snapshot.timeouts.stall,
    signal: at.signal,
    ...(source ? { source: { target: source.target, connection: source.connection } } : {}),
  });
  try {
    return await body(session);
  } finally {
    await session.close();
  }
}

/** Works with the destination of a restore; what comes back there may need the credentials of its source. */
export function withDestination<T>(
  at: Attempt,
  { destination, snapshot }: RestoreJob,
  body: (session: ProductSession) => Promise<T>,
): Promise<T> {
  return withSession(at, destination, body, snapshot);
}

/** What encrypts for a target's recipients; undefined when it keeps its backups unencrypted. */
export async function sealerOf({ encryption }: TargetSnapshot): Promise<Sealer | undefined> {
  return encryption ? createSealer(encryption.recipients) : undefined;
}

/** What decrypts, on a host that has the identity. */
export async function openerOf({
  target,
  encryption,
}: TargetSnapshot): Promise<Opener | undefined> {
  if (!encryption?.identity) return undefined;
  return createOpener(
    await readSecret(encryption.identity, `the age identity of target ${target}`),
  );
}

const throttles = new Map<string, { rate: number; throttle: Throttle }>();

/** One bandwidth for all streams of a target in this worker. */
export function throttleOf({ target, limits }: TargetSnapshot): Throttle | undefined {
  const rate = limits.bytesPerSecond;
  if (rate === undefined) return undefined;
  const known = throttles.get(target);
  if (known?.rate === rate) return known.throttle;
  const throttle = new Throttle(rate);
  throttles.set(target, { rate, throttle });
  return throttle;
}
