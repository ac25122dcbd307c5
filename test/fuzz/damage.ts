/** What happens to a file: it ends early, one bit of it turns, or a piece of it stands where another should. */
export type Damage =
  | { kind: 'cut'; at: number }
  | { kind: 'flip'; at: number; bit: number }
  /** In the place of `removed` bytes at `at` come `length` bytes of the file from `from` on: none, the same twice, others. */
  | { kind: 'splice'; at: number; removed: number; from: number; length: number };

export function damaged(original: Buffer, damage: Damage): Buffer {
  switch (damage.kind) {
    case 'cut':
      return Buffer.from(original.subarray(0, damage.at));
    case 'flip': {
      const bytes = Buffer.from(original);
      bytes[damage.at] = (bytes[damage.at] ?? 0) ^ (1 << damage.bit);
      return bytes;
    }
    case 'splice': {
      const { at, removed, from, length } = damage;
      return Buffer.concat([
        original.subarray(0, at),
        original.subarray(from, from + length),
        original.subarray(at + removed),
      ]);
    }
  }
}

/** Where most of the damage goes, for files that are mostly body. */
export interface Zone {
  start: number;
  /** Exclusive. */
  end: number;
}

export interface DamageOptions {
  zones?: Zone[] | undefined;
  /** Half of the splices begin and end at multiples of it. */
  block?: number | undefined;
}

/** One damage, by numbers between 0 and 1. */
export function randomDamage(
  bytes: number,
  random: () => number,
  { zones = [], block = 1 }: DamageOptions = {},
): Damage {
  const below = (most: number) => Math.floor(random() * most);
  const zone = zones[below(zones.length)];
  const place = () =>
    zone && random() < 0.5 ? zone.start + below(zone.end - zone.start) : below(bytes);
  const kind = below(3);
  if (kind === 0) return { kind: 'cut', at: place() };
  if (kind === 1) return { kind: 'flip', at: place(), bit: below(8) };
  const grain = random() < 0.5 ? block : 1;
  const aligned = (value: number) => value - (value % grain);
  // Short pieces keep most of the file, long ones lose whole parts of it.
  const most = Math.max(grain, random() < 0.5 ? 64 : bytes);
  const [at, from] = [aligned(place()), aligned(below(bytes))];
  const removed = Math.min(aligned(below(most + 1)), bytes - at);
  const length = random() < 0.3 ? removed : aligned(below(most + 1));
  return { kind: 'splice', at, removed, from, length: Math.min(length, bytes - from) };
}
