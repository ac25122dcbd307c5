import type { Ended, Started } from './started.ts';
import type { AskedRestore, Contents } from './world.ts';

export interface Brought {
  run: Started;
  restore: AskedRestore;
  end: Ended;
}

/** A proven restore has brought what was backed up, and any other one nothing but what its words name. */
export function judgeDestination(
  before: Contents,
  now: Contents,
  brought: readonly Brought[],
): string[] {
  const problems: string[] = [];
  let due = new Map(before);
  const named: string[] = [];
  for (const { run, restore, end } of brought) {
    named.push(end.words);
    if (run.terminated) return [];
    if (end.status !== 'COMPLETED') {
      // What it replaced it cannot undo, but it names the way back.
      for (const unit of restore.drops ?? []) {
        const told = now.has(unit) || /REPLACED_LOST|RESTORE_STATE_UNKNOWN/.test(end.words);
        if (told && end.words.includes(unit)) due.delete(unit);
      }
      if (restore.whole && /SAFETY_BACKUP|RESTORE_STATE_UNKNOWN/.test(end.words)) return problems;
      continue;
    }
    const brings = restore.brings(run.backup?.contents ?? new Map());
    if (restore.whole) due = new Map(brings);
    for (const unit of restore.replaces ?? []) {
      due.set(`${unit}.replaced-`, due.get(unit) ?? 'none');
    }
    for (const [unit, contents] of brings) due.set(unit, contents);
  }
  const there = new Map([...now].map(([unit, digest]) => [nameOf(unit, due), digest]));
  for (const [unit, digest] of due) {
    if (there.get(unit) !== digest)
      problems.push(`${unit} at the destination should be ${digest}, and is ${there.get(unit)}`);
  }
  for (const unit of there.keys()) {
    const name = unit.slice(unit.lastIndexOf('/') + 1);
    if (!due.has(unit) && !named.some((words) => words.includes(name)))
      problems.push(`${unit} is at the destination, and no run names it`);
  }
  return problems;
}

function nameOf(unit: string, due: ReadonlyMap<string, string>): string {
  const cut = unit.replace(/\.replaced-.*/, '.replaced-');
  return due.has(cut) ? cut : unit;
}
