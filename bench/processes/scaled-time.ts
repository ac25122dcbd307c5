const factor = Number(process.env['BENCH_CLOCK'] ?? '1');
const began = Date.now();
const origin = performance.now();
const now = () => began + (performance.now() - origin) * factor;

class ScaledDate extends Date {
  static override now(): number {
    return Math.floor(now());
  }

  constructor(...time: [] | [number | string | Date]) {
    super(time.length === 0 ? now() : time[0]);
  }
}

/** What takes the place of the globals of the same names. */
export const CLOCK = {
  Date: ScaledDate,
  setInterval: (callback: () => void, ms: number) => setInterval(callback, ms / factor),
};

/** How long scaled time really is. */
export function trueMs(ms: number): number {
  return ms / factor;
}
