import { createHash } from 'node:crypto';
import { fullPlaceOf } from '../stores/place.ts';
import { addressesIn } from './addresses.ts';
import type { Config } from './load-config.ts';
import { storageOf } from './products.ts';
import { snapshotOf } from './snapshot.ts';

/**
 * By which workers tell whether they mean the same: which databases the targets are, where their backups go and who can
 * open them. What may differ for a while (limits, schedules, where a host keeps its secrets) is left out, and no default
 * is in it that another version could have otherwise.
 */
export function digestOf(config: Config): string {
  const targets = [...config.targets.keys()].toSorted().map((name) => {
    const {
      product,
      connection,
      store,
      encryption,
      locks,
      protected: kept,
    } = snapshotOf(config, name);
    const storage = storageOf(product, connection);
    return [
      name,
      product,
      addressesIn(connection).toSorted(),
      locks,
      storage ? fullPlaceOf(storage) : '',
      fullPlaceOf(store),
      (encryption?.recipients ?? []).toSorted(),
      kept,
    ];
  });
  return createHash('sha256').update(JSON.stringify(targets)).digest('hex').slice(0, 8);
}
