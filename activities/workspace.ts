import type { BackupJob, RestoreJob } from '../workflows/contract/activities.ts';
import type { StoreSettings, TargetSnapshot } from '../workflows/contract/snapshot.ts';
import type { Attempt } from './attempt/attempt.ts';
import type { Dependencies } from './dependencies.ts';
import { HoldfastError } from './failure.ts';
import { createOpener, type Opener } from './pipeline/age/opener.ts';
import { createSealer, type Sealer } from './pipeline/age/sealer.ts';
import { Throttle } from './pipeline/throttle.ts';
import type { DelegatedContext, DelegatedSession } from './products/delegated.ts';
import type { ProductContext, ProductSession } from './products/product.ts';
import { findDelegated, findStreamed } from './products/registry.ts';
import { readSecret } from './secrets.ts';
import { openForeign, openStore } from './stores/open-store.ts';
import type { StoreResources } from './stores/resources.ts';
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

/** Works with the database that a job backs up. */
export function withBackedUp<T>(
  at: Attempt,
  { snapshot, source }: BackupJob,
  body: (session: ProductSession) => Promise<T>,
): Promise<T> {
  return withSession(at, snapshot, body, source);
}

/** Works with the database of a target, and disconnects. */
export async function withSession<T>(
  at: Pick<Attempt, 'signal'>,
  snapshot: TargetSnapshot,
  body: (session: ProductSession) => Promise<T>,
  source?: TargetSnapshot,
): Promise<T> {
  const session = findStreamed(snapshot.product).connect(contextOf(at.signal, snapshot, source));
  try {
    return await body(session);
  } finally {
    await session.close();
  }
}

/** What a session with a database that writes its backups by itself is about. */
interface About extends Pick<DelegatedContext, 'previous' | 'identity'> {
  source?: TargetSnapshot | undefined;
}

/** Works with a database that writes its backups by itself, and with the storage where it writes them. */
export async function withDelegated<T>(
  deps: Pick<Dependencies, 'stores'>,
  at: Pick<Attempt, 'signal'>,
  snapshot: TargetSnapshot,
  body: (session: DelegatedSession, storage: Store) => Promise<T>,
  { source, ...about }: About = {},
): Promise<T> {
  return withStorage(deps, snapshot, async (storage) => {
    const context = { ...contextOf(at.signal, snapshot, source), storage, ...about };
    const session = findDelegated(snapshot.product).connect(context);
    try {
      return await body(session, storage);
    } finally {
      await session.close();
    }
  });
}

/** Where the database of a target writes its backups. */
export function storageOf({ product, connection }: TargetSnapshot): StoreSettings {
  return findDelegated(product).storage(connection);
}

/** Works with the storage where the database of a target writes its backups, without asking the database. */
export async function withStorage<T>(
  deps: Pick<Dependencies, 'stores'>,
  snapshot: TargetSnapshot,
  body: (storage: Store) => Promise<T>,
): Promise<T> {
  const storage = openForeign(storageOf(snapshot), deps.stores);
  try {
    return await body(storage);
  } finally {
    await storage.close();
  }
}

/** For what every product answers. */
export async function withAnySession<T>(
  stores: StoreResources,
  signal: AbortSignal,
  snapshot: TargetSnapshot,
  body: (session: Pick<ProductSession, 'preflight'>) => Promise<T>,
  source?: TargetSnapshot,
): Promise<T> {
  const at = { signal };
  return snapshot.kind === 'delegated'
    ? withDelegated({ stores }, at, snapshot, body)
    : withSession(at, snapshot, body, source);
}

function contextOf(
  signal: AbortSignal,
  snapshot: TargetSnapshot,
  source: TargetSnapshot | undefined,
): ProductContext {
  return {
    target: snapshot.target,
    connection: snapshot.connection,
    concurrency: snapshot.limits.concurrency,
    stallMs: snapshot.timeouts.stall,
    signal,
    ...(source ? { source: { target: source.target, connection: source.connection } } : {}),
  };
}

/** Works with the destination of a restore; what comes back there may need the credentials of its source. */
export function withDestination<T>(
  at: Attempt,
  { destination, snapshot }: RestoreJob,
  body: (session: ProductSession) => Promise<T>,
): Promise<T> {
  return withSession(at, destination, body, snapshot);
}

/** As `withDestination`, of a database that restores by itself. */
export function withDelegatedDestination<T>(
  deps: Pick<Dependencies, 'stores'>,
  at: Pick<Attempt, 'signal'>,
  { destination, snapshot }: RestoreJob,
  body: (session: DelegatedSession, storage: Store) => Promise<T>,
): Promise<T> {
  return withDelegated(deps, at, destination, body, { source: snapshot });
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

/**
 * The same for whoever takes a backup: what an earlier attempt encrypted can be checked with it. Taking it again serves
 * as well, so a host that does not have the identity, or not a sound one, needs none.
 */
export async function openerIfHere(snapshot: TargetSnapshot): Promise<Opener | undefined> {
  try {
    return await openerOf(snapshot);
  } catch (error) {
    const absent = ['SECRET_MISSING', 'IDENTITY_MISSING'];
    if (error instanceof HoldfastError && absent.includes(error.code)) return undefined;
    throw error;
  }
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
