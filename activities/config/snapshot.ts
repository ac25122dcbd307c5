import { lockId } from '../../workflows/contract/names.ts';
import type { StoreSettings, TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { HoldfastError } from '../failure.ts';
import { findProduct } from '../products/registry.ts';
import type { Config, Target } from './load-config.ts';
import { didYouMean } from './nearest.ts';

/**
 * A target as a run takes it along.
 * @throws TARGET_UNKNOWN, naming the nearest and all that there are
 */
export function snapshotOf(config: Config, name: string): TargetSnapshot {
  const target = targetOf(config, name);
  return {
    target: name,
    product: target.product,
    ...(findProduct(target.product).kind === 'delegated' ? { kind: 'delegated' as const } : {}),
    taskQueue: target.taskQueue,
    connection: target.connection,
    store: storeOf(config, target.store),
    encryption: target.encryption,
    limits: target.limits,
    timeouts: target.timeouts,
    locks: locksOf(name, target),
    protected: target.protected,
    safetyBackup: target.safetyBackup,
    ...(target.notify ? { notify: target.notify } : {}),
  };
}

/** What is shared comes before what is the target's own, and sorted, so that no two runs wait for each other. */
function locksOf(name: string, { product: kind, connection, cluster }: Target): string[] {
  const own = findProduct(kind).locks?.(connection) ?? [];
  const shared = new Set([...(cluster === undefined ? [] : [cluster]), ...own]);
  return [...[...shared].toSorted().map((key) => lockId.cluster(kind, key)), lockId.target(name)];
}

/** @throws TARGET_UNKNOWN */
export function targetOf(config: Config, name: string): Target {
  const target = config.targets.get(name);
  if (target) return target;
  throw new HoldfastError('TARGET_UNKNOWN', unknown('target', name, config.targets, config.path));
}

/** @throws STORE_UNKNOWN */
export function storeOf(config: Config, name: string): StoreSettings {
  const store = config.stores.get(name);
  if (store) return store;
  throw new HoldfastError('STORE_UNKNOWN', unknown('store', name, config.stores, config.path));
}

function unknown(
  kind: string,
  name: string,
  known: ReadonlyMap<string, unknown>,
  file: string,
): string {
  const names = [...known.keys()];
  const list = names.length === 0 ? 'none' : names.join(', ');
  return `There is no ${kind} "${name}" in ${file}, which has ${list}.${didYouMean(name, names)}`;
}
