const UNITS: Record<string, number> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

export const SIZE = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/** `200MiB`, `1.5GB` in bytes. The text must match `SIZE`. */
export function parseSize(text: string): number {
  const [, count, unit] = SIZE.exec(text) ?? [];
  return Math.round(Number(count) * (UNITS[unit ?? ''] ?? Number.NaN));
}
