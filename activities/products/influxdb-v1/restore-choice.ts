import type { RestoreRequest } from '../../../workflows/contract/operations.ts';
import { HoldfastError } from '../../failure.ts';
import {
  INTERNAL,
  type Database,
  type RetentionPolicy,
} from '../../pipeline/influxdb-portable/metadata.ts';

/** A database that is restored, under the names that the request gives. */
export interface ChosenDatabase {
  from: string;
  name: string;
  /** By its new name. */
  defaultPolicy: string;
  policies: { policy: RetentionPolicy; name: string }[];
}

/**
 * The databases that a request names, with the retention policies that it names. Policies may be written
 * `database/policy`.
 * @throws INPUT_INVALID, SELECTION_EMPTY
 */
export function chooseDatabases(databases: Database[], request: RestoreRequest): ChosenDatabase[] {
  const { select, rename = {} } = request;
  refuseForeignKeys(request);
  const user = databases.filter(({ name }) => name !== INTERNAL);
  requireKnown(user, select?.databases, 'database', ({ name }, wanted) => name === wanted);
  const within = user.filter(({ name }) => select?.databases?.includes(name) ?? true);
  requireKnown(
    within,
    select?.retentionPolicies,
    'retention policy',
    ({ name, policies }, wanted) => policies.some((policy) => isPolicy(name, policy.name, wanted)),
    select?.databases && ' in the databases that are selected',
  );
  const chosen = within
    .map((database) => chosenPolicies(database, select?.retentionPolicies))
    .filter(({ policies }) => select?.retentionPolicies === undefined || policies.length > 0);
  if (chosen.length === 0) {
    throw new HoldfastError('SELECTION_EMPTY', 'The selection matches no database of the backup.');
  }
  requireChosen(chosen, select?.databases);
  refuseUnusedNames(chosen, rename);
  const renamed = chosen.map((database) => withNames(database, rename));
  requireDistinct(renamed);
  return renamed;
}

function chosenPolicies(database: Database, wanted: string[] | undefined): Database {
  if (wanted === undefined) return database;
  const { name, policies } = database;
  return {
    ...database,
    policies: policies.filter((policy) => wanted.some((one) => isPolicy(name, policy.name, one))),
  };
}

function isPolicy(database: string, policy: string, wanted: string): boolean {
  return wanted === policy || wanted === `${database}/${policy}`;
}

function withNames(database: Database, rename: Record<string, string>): ChosenDatabase {
  const { name: from, policies, defaultPolicy } = database;
  const nameOf = (policy: string) => rename[`${from}/${policy}`] ?? policy;
  const kept = policies.find(({ name }) => name === defaultPolicy) ?? policies[0];
  return {
    from,
    name: rename[from] ?? from,
    defaultPolicy: kept === undefined ? '' : nameOf(kept.name),
    policies: policies.map((policy) => ({ policy, name: nameOf(policy.name) })),
  };
}

function refuseForeignKeys({ select }: RestoreRequest): void {
  for (const key of ['organisations', 'buckets', 'classes'] as const) {
    if (select?.[key] === undefined) continue;
    throw new HoldfastError(
      'INPUT_INVALID',
      `\`select.${key}\` means nothing to InfluxDB 1, which has databases and retention policies.`,
    );
  }
}

function requireKnown(
  databases: Database[],
  wanted: string[] | undefined,
  what: string,
  matches: (database: Database, name: string) => boolean,
  where = '',
): void {
  for (const name of wanted ?? []) {
    if (databases.some((database) => matches(database, name))) continue;
    const there = databases.slice(0, 10).map((database) => database.name);
    throw new HoldfastError(
      'SELECTION_EMPTY',
      name === INTERNAL
        ? `The database ${INTERNAL} is the server's own and is never restored.`
        : `The backup holds no ${what} "${name}"${where || `; its databases are ${there.join(', ') || 'none'}`}.`,
    );
  }
}

/** A database that is named comes back, or is told. */
function requireChosen(chosen: Database[], wanted: string[] | undefined): void {
  const left = wanted?.find((name) => !chosen.some((database) => database.name === name));
  if (left === undefined) return;
  throw new HoldfastError(
    'SELECTION_EMPTY',
    `The database "${left}" in the backup has none of the retention policies that are selected; name one of its own, or leave it out.`,
  );
}

function refuseUnusedNames(chosen: Database[], rename: Record<string, string>): void {
  const known = new Set(
    chosen.flatMap(({ name, policies }) => [name, ...policies.map((one) => `${name}/${one.name}`)]),
  );
  for (const [old, wanted] of Object.entries(rename)) {
    const fail = (what: string) => new HoldfastError('INPUT_INVALID', `\`rename\` ${what}.`);
    if (!known.has(old)) {
      throw fail(
        `names "${old}", which is neither a database that is restored nor a retention policy written as "database/policy"`,
      );
    }
    if (!isValidName(wanted)) {
      throw fail(`gives "${old}" the name "${wanted}", which InfluxDB does not allow`);
    }
  }
}

function isValidName(name: string): boolean {
  return /^[^/\\\p{C}]+$/u.test(name) && name !== '.' && name !== '..' && name !== INTERNAL;
}

function requireDistinct(chosen: ChosenDatabase[]): void {
  const refuse = (one: string, other: string, name: string) =>
    new HoldfastError(
      'INPUT_INVALID',
      `${one} and ${other} would both be restored as ${name}; give them different names with \`rename\`.`,
    );
  const databases = new Map<string, string>();
  for (const { from, name, policies } of chosen) {
    const other = databases.get(name);
    if (other !== undefined) throw refuse(other, from, name);
    databases.set(name, from);
    const seen = new Map<string, string>();
    for (const one of policies) {
      const twin = seen.get(one.name);
      if (twin !== undefined) throw refuse(twin, one.policy.name, `${name}/${one.name}`);
      seen.set(one.name, one.policy.name);
    }
  }
}
