import { addressesIn, type Config } from '../../activities/config/config.ts';
import { humanDuration } from '../terminal/figures.ts';
import type { Check } from './check.ts';

const PATIENCE_MS = 5_000;
/** S3 refuses requests that are a quarter of an hour off; ids and ages are wrong long before. */
const TOLERABLE_MS = 30_000;

/** Compares the clock of this host with those of the stores and databases, by the `Date` of an HTTP answer. */
export async function checkClock(config: Config): Promise<Check[]> {
  const checks = await Promise.all(
    placesOf(config).map(async ([subject, url]): Promise<Check | undefined> => {
      const skewMs = await skewAgainst(url);
      if (skewMs === undefined) return undefined;
      if (Math.abs(skewMs) <= TOLERABLE_MS) {
        return { area: 'clock', subject, level: 'ok', message: 'agrees with this host' };
      }
      return {
        area: 'clock',
        subject,
        level: 'problem',
        message: `this host is ${humanDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`,
        hint: 'Set both clocks by NTP.',
      };
    }),
  );
  return checks.filter((check) => check !== undefined);
}

function placesOf(config: Config): [subject: string, url: string][] {
  const stores = [...config.stores.values()].flatMap((store): [string, string][] => {
    if (store.type !== 's3') return [];
    const aws = `https://s3.${store.region ?? 'us-east-1'}.amazonaws.com`;
    return [[`store ${store.name}`, store.endpoint ?? aws]];
  });
  const targets = [...config.targets.values()].flatMap(({ name, connection }) =>
    addressesIn(connection).map((url, _, all): [string, string] => [
      all.length === 1 ? `target ${name}` : `target ${name} (${new URL(url).host})`,
      url,
    ]),
  );
  return [...stores, ...targets];
}

/** Milliseconds by which this host is ahead; undefined when nobody tells: others say why. */
async function skewAgainst(url: string): Promise<number | undefined> {
  const before = Date.now();
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const date = Date.parse(response.headers.get('date') ?? '');
    // The header counts in whole seconds.
    return Number.isNaN(date) ? undefined : (before + Date.now()) / 2 - (date + 500);
  } catch {
    return undefined;
  }
}
