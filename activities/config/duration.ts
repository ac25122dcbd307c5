const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const DURATION = /^(\d+)(ms|s|m|h|d)$/;

/** `90s`, `10m`, `2h`, `7d` in milliseconds. The text must match `DURATION`. */
export function parseDuration(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

/** The shortest exact way to write a number of milliseconds: 600000 is `10m`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= UNITS[unit] && ms % UNITS[unit] === 0) return `${ms / UNITS[unit]}${unit}`;
  }
  return ms === 0 ? '0s' : `${ms}ms`;
}
