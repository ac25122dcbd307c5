import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkLeftovers } from '../../client/doctor/check-leftovers.ts';
import { Invocation } from '../../client/invocation.ts';
import { audit } from '../faults/audit.ts';
import { Crew } from './crew.ts';
import type { Asked } from './draw.ts';
import type { KnownBackup, Ledger } from './ledger.ts';
import { endOf, type Ended } from './started.ts';
import type { World } from './world.ts';

/**
 * Undisturbed, at the end: what was to be deleted can be deleted, every other backup passes a deep verification, and
 * nothing lies around.
 */
export async function closing(world: World, ledger: Ledger): Promise<string[]> {
  const problems: string[] = [];
  await world.empty();
  const crew = new Crew(world);
  await crew.begin(1, [], []);
  // What rests on others goes before them.
  for (const backup of ledger.all().toReversed()) {
    const end = await (backup.doubtful ? remove : copyAndVerify)(world, backup);
    if (typeof end === 'string') problems.push(`${backup.id}: ${end}`);
    else if (backup.doubtful) ledger.remove(backup.id);
  }
  await crew.end();
  await removeLeftovers(world);
  const { backups, problems: strays } = await audit(world.stage);
  // Those of runs that were ended by hand lapse by themselves.
  const lasting = strays.filter((stray) => !stray.includes('/leases/'));
  const due = ledger.all().map(({ id }) => id);
  if (backups.join() !== due.join())
    problems.push(`there are ${backups.join()}, and there should be ${due.join()}`);
  return [
    ...problems,
    ...lasting,
    ...((await world.storageProblems?.(ledger)) ?? []),
    ...crew.problems,
  ];
}

/** As \`holdfast doctor --remove-leftovers\` does. */
export async function removeLeftovers(world: World): Promise<void> {
  const { holdfast, config, address } = world.stage;
  const path = join(holdfast.folder, 'doctor.yaml');
  const temporal = { address, namespace: holdfast.namespace };
  await writeFile(path, JSON.stringify({ ...config, temporal }));
  const call = new Invocation({ config: path });
  try {
    await checkLeftovers(call, true);
  } finally {
    await call.close();
  }
}

async function copyAndVerify(world: World, backup: KnownBackup): Promise<Ended | string> {
  if (world.storageProblems && !backup.copied) {
    const end = await run(world, backup, 'copy', {});
    if (typeof end === 'string') return end;
    if (end.status !== 'COMPLETED') return `cannot be copied: ${end.words}`;
  }
  return verify(world, backup);
}

async function verify(world: World, backup: KnownBackup): Promise<Ended | string> {
  const end = await run(world, backup, 'verify', { depth: 'deep' });
  if (typeof end === 'string' || end.report['ok'] === true) return end;
  return `a deep verification says ${end.words} ${JSON.stringify(end.report['findings'])}`;
}

/** Also when it is gone. */
async function remove(world: World, backup: KnownBackup): Promise<Ended | string> {
  const end = await run(world, backup, 'delete', { confirm: backup.id });
  if (typeof end === 'string') return end;
  if (end.status === 'COMPLETED' || end.code === 'BACKUP_UNKNOWN') return end;
  if (end.code === 'BACKUP_NEEDED') {
    backup.doubtful = false;
    return copyAndVerify(world, backup);
  }
  return `cannot be deleted: ${end.words}`;
}

async function run(
  world: World,
  { id, target }: KnownBackup,
  operation: Asked['operation'],
  more: object,
): Promise<Ended | string> {
  const handle = await world.stage.holdfast.start(operation, { target, backup: id, ...more });
  const asked = { operation, target, afterMs: 0, pick: 0 };
  return endOf({ asked, handle, cancelled: false, terminated: false });
}
