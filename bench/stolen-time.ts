import { readFileSync } from 'node:fs';

/** Of all processors since boot, in ticks. Source: proc(5), the first line of /proc/stat. */
interface Ticks {
  all: number;
  stolen: number;
}

const begin = ticks();

/** What the host gave to other machines of the processors' time since this process began; 0 to 1. */
export function stolenShare(): number {
  const now = ticks();
  return (now.stolen - begin.stolen) / Math.max(1, now.all - begin.all);
}

function ticks(): Ticks {
  // user nice system idle iowait irq softirq steal; guest time, which follows, is part of user.
  const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).slice(1, 9);
  const counts = (fields ?? []).map(Number);
  return { all: counts.reduce((sum, count) => sum + count, 0), stolen: counts[7] ?? 0 };
}
