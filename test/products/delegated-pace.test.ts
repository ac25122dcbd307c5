import { afterAll, describe, expect, test } from 'vitest';
import { mayTell } from '../../activities/attempt/telling.ts';
import type { DelegatedProduct, DelegatedSession } from '../../activities/products/delegated.ts';
import { influxdb3Enterprise } from '../../activities/products/influxdb-3-enterprise/index.ts';
import { weaviate } from '../../activities/products/weaviate/index.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';

const A_DAY_MS = 24 * 60 * 60 * 1000;
const resources = createStoreResources();
const sessions: DelegatedSession[] = [];

afterAll(async () => {
  for (const session of sessions) await session.close();
  await resources.close();
});

/** A session that nobody asks anything. */
function paceOf(product: DelegatedProduct, more: object): DelegatedSession['backup']['pauseMs'] {
  const storage = { type: 'directory', path: '/nowhere' };
  const connection = product.connection.parse({ url: 'http://127.0.0.1:1', storage, ...more });
  const session = product.connect({
    target: 'a',
    connection,
    storage: openStore(product.storage(connection), resources),
    concurrency: 1,
    stallMs: 1_000,
    signal: new AbortController().signal,
  });
  sessions.push(session);
  return (elapsedMs) => session.backup.pauseMs(elapsedMs);
}

/** When a job that goes on for a day is asked for, in milliseconds from its beginning. */
function polls(pauseMs: (elapsedMs: number) => number): number[] {
  const times = [0];
  for (let now = 0; now < A_DAY_MS; times.push(now)) now += pauseMs(now);
  return times;
}

describe('the end of a job', () => {
  test('of Weaviate, which shows after 2, 12, 22 … seconds, is known before the next one would show', () => {
    const times = polls(paceOf(weaviate, {}));
    for (let shows = 2_000; shows < A_DAY_MS - 10_000; shows += 10_000) {
      const known = times.find((time) => time >= shows) ?? Infinity;
      expect(known - shows).toBeLessThanOrEqual(10_000);
    }
  });

  test('of InfluxDB 3 Enterprise, which has no rhythm, is known after a twentieth of its time', () => {
    const more = { clusterId: 'a', token: { env: 'NOWHERE' } };
    const times = polls(paceOf(influxdb3Enterprise, more));
    for (const [at, time] of times.entries()) {
      const pause = (times[at + 1] ?? time) - time;
      expect(pause).toBeLessThan(Math.max(250, time / 20) + 1);
      expect(pause).toBeLessThan(30_001);
    }
  });
});

test('a job of a day is told so seldom that the history of its run stays short', () => {
  let told = 0;
  for (const now of polls(paceOf(weaviate, {}))) {
    const figures = { activity: 'a', artifacts: now, bytes: now, attempt: 1 };
    if (mayTell('run-of-a-day', figures, false, now)) told += 1;
  }
  expect(told).toBeGreaterThan(20);
  // Each is a signal, and a workflow task of three events.
  expect(told * 4).toBeLessThan(500);
});
