const TICK_MS = 100;

/**
 * How many tenths of a second passed in which this process had its turn, until something is settled. One that comes late
 * counts for nothing: there the machine was busy with others, and what is measured had no chance to end.
 */
export async function ticksUntil(settled: Promise<unknown>): Promise<number> {
  let ticks = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last < 1.5 * TICK_MS) ticks += 1;
    last = now;
  }, TICK_MS);
  try {
    await settled.catch(() => undefined);
    return ticks;
  } finally {
    clearInterval(timer);
  }
}
