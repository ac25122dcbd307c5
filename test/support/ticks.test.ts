import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ticksUntil } from './ticks.ts';

test('what keeps this process busy counts, although no tick comes', async () => {
  expect(await ticksUntil(later(() => use(1_500)))).toBeGreaterThanOrEqual(15);
});

test('what keeps this process busy counts also where a tick comes late', async () => {
  const busy = later(() => use(1_500)).then(() => new Promise((done) => setTimeout(done, 200)));
  expect(await ticksUntil(busy)).toBeGreaterThanOrEqual(15);
});

test('a time in which this process had no turn does not count', async () => {
  const still = new Int32Array(new SharedArrayBuffer(4));
  const ticks = await ticksUntil(later(() => Atomics.wait(still, 0, 0, 3_000)));
  expect(ticks).toBeLessThan(10);
});

async function later(work: () => unknown): Promise<void> {
  await nextTurn();
  work();
}

/** Holds the event loop until the process has used so much time of a processor. */
function use(ms: number): void {
  const before = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 >= ms) return;
  }
}
