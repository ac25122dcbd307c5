/** A fault that strikes only at what is named: calls, names or shards, as its switch says. */
type Placed = { times?: number } & ({ at: string[] } | { shards: number[] });
type Trap = boolean | number | Placed;

/** Whether the fault under `name` strikes now, at the named thing; counts down. */
export function springs(switches: object, name: string, at?: string | number): boolean {
  const traps = switches as Record<string, Trap>;
  const trap = traps[name] ?? false;
  if (typeof trap === 'boolean') return trap;
  if (typeof trap === 'number') {
    if (trap <= 0) return false;
    traps[name] = trap - 1;
    return true;
  }
  const places: (string | number)[] = 'at' in trap ? trap.at : trap.shards;
  if (at === undefined || !places.includes(at)) return false;
  if (trap.times === undefined) return true;
  if (trap.times <= 0) return false;
  trap.times -= 1;
  return true;
}

/** `name` or `name=value`, for a switch that there is. */
export function namedSwitch(quiet: object, text: string): { name: string; value?: string } {
  const [name = '', value] = text.split('=', 2);
  if (Object.hasOwn(quiet, name)) return { name, ...(value !== undefined && { value }) };
  throw new Error(`There is no switch ${name}. There are: ${Object.keys(quiet).join(', ')}.`);
}
