/** A list that passes through Temporal, which holds no long ones: beyond a few it only says how many more. */
export function few(names: readonly string[], most = 200): string[] {
  if (names.length <= most) return [...names];
  return [...names.slice(0, most), `… and ${names.length - most} more`];
}

/** For a sentence. */
export function told(names: readonly string[], most = 10): string {
  return few(names, most).join(', ') || 'none';
}
