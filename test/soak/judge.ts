import { isFailureCode } from '../../workflows/contract/failures.ts';
import { runSuffix } from '../../workflows/contract/names.ts';
import { audit, isLocked } from '../faults/audit.ts';
import type { Episode } from './draw.ts';
import type { Ledger } from './ledger.ts';
import type { Ended, Started } from './started.ts';
import { judgeDestination, type Brought } from './judge-destination.ts';
import { sourcesOf, type Contents, type World } from './world.ts';

const SENTENCE = /^\S[^\n]*[.?]$/;
/** They say of Holdfast, or of a store, what no fault of a soak is. */
const DEFECTS = [
  'INTERNAL',
  'OBJECT_EXISTS',
  'OBJECT_MISSING',
  'OBJECT_CHANGED',
  'COMMIT_CONFLICT',
  'BACKUP_INCOMPLETE',
  'BACKUP_DAMAGED',
  'LOCK_LOST',
];

interface Played {
  world: World;
  ledger: Ledger;
  episode: Episode;
  runs: readonly Started[];
  ends: readonly (Ended | string)[];
  before: { sources: ReadonlyMap<string, Contents>; destination: Contents };
}

/** What must hold after an episode, whatever was drawn; takes into the ledger what was done. */
export async function judge(played: Played): Promise<{ told: string[]; problems: string[] }> {
  const { world, runs, before } = played;
  const told: string[] = [];
  const problems: string[] = [];
  const brought: Brought[] = [];
  for (const [at, run] of runs.entries()) {
    const end = played.ends[at] ?? 'no end';
    if (typeof end === 'string') {
      problems.push(end);
      continue;
    }
    const name = `${run.asked.operation} of ${run.asked.target}`;
    told.push(`${name}: ${[end.status, end.code, end.message, ...end.warnings].join(' | ')}`);
    problems.push(...judgeEnd(played, run, end).map((problem) => `${name}: ${problem}`));
    note(played, run, end);
    if (run.asked.restore) brought.push({ run, restore: run.asked.restore, end });
  }
  problems.push(...(await judgeStores(played)));
  // The lock of a run that was reset is ended by whoever wants it next.
  const locks = runs.some((run) => run.reset) ? [] : [...world.targets, world.destination];
  for (const target of locks) {
    if (await isLocked(world.stage.holdfast.client, `target/${target}`))
      problems.push(`the lock of ${target} is held`);
  }
  for (const [target, now] of await sourcesOf(world)) {
    const contents = before.sources.get(target) ?? [];
    if (JSON.stringify([...now]) !== JSON.stringify([...contents]))
      problems.push(`the source ${target} has changed`);
  }
  const destination = await world.contents(world.destination);
  problems.push(...judgeDestination(before.destination, destination, brought));
  return { told, problems };
}

/** The end of one run, by itself. */
function judgeEnd({ world, episode, runs }: Played, run: Started, end: Ended): string[] {
  const { status, code, message, report } = end;
  const damaging = episode.disturbances.some((one) => one.kind === 'fault' && one.fault.damages);
  if (status === 'COMPLETED') {
    return report['ok'] === false && !damaging
      ? [`found damage: ${JSON.stringify(report['findings'])}`]
      : [];
  }
  if (status === 'TERMINATED' && run.terminated) return [];
  if (status === 'CANCELLED') return run.cancelled ? [] : ['is cancelled, and nobody asked for it'];
  if (status !== 'FAILED') return [`ended as ${status}`];
  // Others may have come to rest on it meanwhile.
  if (code === 'BACKUP_NEEDED' && run.asked.operation === 'delete') return [];
  const problems: string[] = [];
  if (!isFailureCode(code)) problems.push(`has the code ${code}`);
  if (DEFECTS.includes(code) && !(damaging && code === 'BACKUP_DAMAGED'))
    problems.push(`fails with ${code}`);
  if (!SENTENCE.test(message)) problems.push(`says ${JSON.stringify(message)}`);
  const gentle =
    !world.brittle.includes(run.asked.target) &&
    episode.disturbances.every((one) => one.kind !== 'fault' || !one.fault.ends);
  const others = runs.some((one) => one !== run && one.backup && one.backup === run.backup);
  if (gentle && !run.cancelled && !run.terminated && !others)
    problems.push('has failed, though every fault passed');
  return problems;
}

/** What backups there are from now on. */
function note({ ledger, before, world }: Played, run: Started, end: Ended): void {
  const { asked, backup } = run;
  const { report, status } = end;
  if (asked.operation === 'backup' && status === 'COMPLETED')
    ledger.add(
      String(report['backup']),
      asked.target,
      before.sources.get(asked.target) ?? before.destination,
    );
  if (asked.operation === 'delete' && status === 'COMPLETED' && backup) ledger.remove(backup.id);
  if (end.code === 'BACKUP_NEEDED' && backup) backup.doubtful = false;
  const copied = asked.operation === 'copy' && status === 'COMPLETED';
  const copy = copied ? ledger.get(String(report['backup'])) : undefined;
  if (copy) copy.copied = true;
  const safety =
    (report['safetyBackup'] as string | undefined) ?? /kept as backup (\S+)/.exec(end.words)?.[1];
  const suffix = runSuffix(run.handle.firstExecutionRunId);
  if (run.terminated || /LEFTOVERS|FAILED_AFTER_COMMIT/.test(end.words)) {
    ledger.left.add(suffix);
    if (asked.restore && backup) ledger.left.add(`${backup.id} at ${world.destination}`);
  }
  if (safety !== undefined) ledger.add(safety, world.destination, before.destination);
}

/** Backups that somebody relies on are there and whole, and nothing else is. */
async function judgeStores({ world, ledger, runs, before }: Played): Promise<string[]> {
  const { backups, problems } = await audit(world.stage);
  for (const id of backups.filter((one) => !ledger.get(one))) {
    const whose = runs.find(({ handle, terminated }) => {
      return terminated && id.endsWith(runSuffix(handle.firstExecutionRunId));
    });
    if (!whose) continue;
    const safety = whose.asked.operation === 'restore';
    const target = safety ? world.destination : whose.asked.target;
    const contents = safety ? before.destination : before.sources.get(target);
    ledger.add(id, target, contents ?? new Map());
  }
  const known = ledger.all();
  // What another copy goes on with lies there until then.
  const unsettled = known.filter(({ copied }) => world.storageProblems && !copied);
  const lost = known.filter((one) => !one.doubtful && !backups.includes(one.id));
  const excused = [...known.filter((one) => one.doubtful).map(({ id }) => id), ...ledger.left];
  const names = (words: string[]) => (problem: string) =>
    words.some((one) => problem.includes(one));
  const theirs = (await world.storageProblems?.(ledger)) ?? [];
  return [
    ...problems.filter((one) => !names([...excused, ...unsettled.map(({ id }) => id)])(one)),
    ...theirs.filter((one) => !names(excused)(one)),
    ...lost.map(({ id, target }) => `backup ${id} of ${target} is gone`),
    ...backups
      .filter((id) => !ledger.get(id))
      .map((id) => `there is a backup ${id} that no run has told of`),
  ];
}
