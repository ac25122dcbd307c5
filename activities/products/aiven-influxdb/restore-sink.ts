import { HoldfastError } from '../../failure.ts';
import type { RestoreSink } from '../product.ts';

/** Backups of the vendor are restored into an InfluxDB 1 of one's own. */
export function createRestoreSink(target: string): RestoreSink {
  const refuse = () =>
    Promise.reject(
      new HoldfastError(
        'INPUT_INVALID',
        `Target ${target} is aiven-influxdb, which takes no restore: name a target of influxdb-v1 with \`into\`.`,
      ),
    );
  return {
    plan: refuse,
    prepare: refuse,
    apply: refuse,
    prove: refuse,
    finish: refuse,
    undo: refuse,
  };
}
