import type { RestoreRequest } from '../../../workflows/contract/operations.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import { few } from '../../few.ts';
import type { BackupReader, PlannedRestore, RestoreStep } from '../product.ts';
import type { InfluxV1Client } from './client.ts';
import { countingSince } from './client-writes.ts';
import { databaseNames } from './databases.ts';
import { readContent, type BackupContent } from './restore-content.ts';
import { chooseDatabases, type ChosenDatabase } from './restore-choice.ts';
import { returningPoints } from '../returning-points.ts';
import { expiringSoon, leftBehind, openToClients } from './restore-warnings.ts';
import type { RestoreDetail } from './restore-detail.ts';

interface Request {
  backup: BackupReader;
  restore: RestoreRequest;
  destination: string;
  run: string;
}

/** Plans the restore of databases beside what the destination has. Whatever stands in the way is found here. */
export async function planRestore(
  client: InfluxV1Client,
  { backup, restore, destination, run }: Request,
): Promise<PlannedRestore> {
  refuseReplacing(restore);
  const content = await readContent(backup);
  const wanted = chooseDatabases(content.metadata.databases, restore);
  const there = await databaseNames(client);
  const chosen = wanted.map((one) => withFreeName(one, there, restore, backup.manifest.id));
  const steps = chosen.flatMap((database) => stepsOf(database, content));
  const since = await countingSince(client);
  const detail: RestoreDetail = {
    version: 1,
    run,
    ...(since !== undefined && { countingSince: since }),
    databases: chosen.map(({ from, name, defaultPolicy, policies }) => ({
      from,
      name,
      defaultPolicy,
      policies: policies.map(({ policy, ...one }) => ({
        from: policy.name,
        name: one.name,
        duration: String(policy.duration),
      })),
    })),
  };
  const warnings: Warning[] = [
    openToClients(chosen),
    ...returningPoints(steps),
    ...expiringSoon(chosen, new Date()),
  ];
  return {
    summary: {
      backup: backup.manifest.id,
      from: backup.manifest.target,
      into: destination,
      destructive: false,
      creates: few(chosen.map(({ name }) => name)),
      replaces: [],
      leaves: few(leftBehind(content, chosen, backup.manifest.times.captured)),
      bound: [],
      artifacts: steps.length,
      bytes: steps
        .flatMap(({ lines }) => lines)
        .reduce((sum, line) => sum + (line.plain ?? line).bytes, 0),
      warnings,
    },
    steps,
    detail: { ...detail },
  };
}

function refuseReplacing({ onConflict }: RestoreRequest): void {
  if (onConflict !== 'replace') return;
  throw new HoldfastError(
    'INPUT_INVALID',
    'InfluxDB 1 cannot set a database aside under another name, so `onConflict: replace` would destroy it before the restored one is proven; use `rename`, or drop it yourself.',
  );
}

function withFreeName(
  database: ChosenDatabase,
  there: string[],
  { onConflict = 'fail' }: RestoreRequest,
  backup: string,
): ChosenDatabase {
  const { name } = database;
  if (!there.includes(name)) return database;
  if (onConflict === 'fail') {
    throw new HoldfastError(
      'DESTINATION_EXISTS',
      `The destination already has a database ${name}; nothing was changed.`,
    );
  }
  const wanted = `${name}-restored-${backup.slice(0, '2026-11-20t02-00-00z'.length)}`;
  for (let attempt = 1; ; attempt += 1) {
    const free = attempt === 1 ? wanted : `${wanted}-${attempt}`;
    if (!there.includes(free)) return { ...database, name: free };
  }
}

/** One step for each shard. */
function stepsOf({ from, name, policies }: ChosenDatabase, content: BackupContent): RestoreStep[] {
  return policies.flatMap(({ policy, name: policyName }) =>
    policy.groups.flatMap(({ start, end, shards }) =>
      shards.map((shard) => ({
        subject: `${from}/${policy.name}/shard ${shard}`,
        lines: content.shards.get(shard) ?? [],
        key: {
          database: name,
          policy: policyName,
          shard,
          start: String(start),
          end: String(end),
        },
      })),
    ),
  );
}
