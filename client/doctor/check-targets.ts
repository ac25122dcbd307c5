import { type Config, snapshotOf } from '../../activities/config/config.ts';
import { findProduct } from '../../activities/products/registry.ts';
import { asHoldfastError } from '../failures.ts';
import type { Check } from './check.ts';

const PATIENCE_MS = 60_000;

/** Every target's preflight, as a backup would make it. */
export async function checkTargets(config: Config): Promise<Check[]> {
  const names = [...config.targets.keys()];
  return (await Promise.all(names.map((name) => checkTarget(config, name)))).flat();
}

async function checkTarget(config: Config, name: string): Promise<Check[]> {
  const { product, connection, limits, timeouts } = snapshotOf(config, name);
  const session = findProduct(product).connect({
    target: name,
    connection,
    concurrency: limits.concurrency,
    stallMs: Math.min(timeouts.stall, PATIENCE_MS),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const about = { area: 'target', subject: name } as const;
  try {
    const { version, warnings } = await session.preflight('backup');
    return [
      { ...about, level: 'ok', message: `${product} ${version} can be backed up` },
      ...warnings.map(({ message }): Check => ({ ...about, level: 'note', message })),
    ];
  } catch (error) {
    const { message, hint } = asHoldfastError(error);
    return [{ ...about, level: 'problem', message, hint }];
  } finally {
    await session.close();
  }
}
