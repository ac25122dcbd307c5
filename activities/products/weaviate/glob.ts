/** Whether a name has a wildcard in it, as Weaviate understands them: `*` any text, `?` one character. */
export function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

export function matches(pattern: string, name: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(name);
}

/** The classes that a target backs up, of those that there are. */
export function selectClasses(
  all: readonly string[],
  { include, exclude }: { include?: string[] | undefined; exclude?: string[] | undefined },
): string[] {
  const named = (patterns: string[]) => (name: string) =>
    patterns.some((pattern) => matches(pattern, name));
  if (include) return all.filter(named(include));
  if (!exclude) return [...all];
  const excluded = named(exclude);
  return all.filter((name) => !excluded(name));
}
