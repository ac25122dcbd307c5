const TICK_MS = 100;

/**
 * How many tenths of a second passed in which this process had its turn, until something is settled. Of one that comes
 * late counts only what this process used: the rest of the time the machine was busy with others, and what is measured
 * had no chance to end.
 */
export async function ticksUntil(settled: Promise<unknown>): Promise<number> {
  let ticks = 0;
  let last = performance.now();
  let used = process.cpuUsage();
  const isLate = () => performance.now() - last >= 1.5 * TICK_MS;
  const ownTicks = () => {
    const { user, system } = process.cpuUsage(used);
    return Math.floor((user + system) / 1000 / TICK_MS);
  };
  const timer = setInterval(() => {
    ticks += isLate() ? ownTicks() : 1;
    last = performance.now();
    used = process.cpuUsage();
  }, TICK_MS);
  try {
    await settled.catch(() => undefined);
    // What keeps the process busy to its end lets no tick come.
    return isLate() ? ticks + ownTicks() : ticks;
  } finally {
    clearInterval(timer);
  }
}
