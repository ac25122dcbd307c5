/** A list that passes through Temporal, which holds no long ones: beyond a few hundred it only says how many more. */
export function few(names: string[], most = 200): string[] {
  if (names.length <= most) return names;
  return [...names.slice(0, most), `… and ${names.length - most} more`];
}
