import type { RestoreRequest } from '../../../workflows/contract/operations.ts';
import type { Manifest } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import type { PlannedRestore } from '../product.ts';
import { few } from '../../few.ts';
import { plainBytes, stepsOf, type BackupContent } from './backup-content.ts';
import { fullName, isSystem } from './buckets.ts';
import { earlierIn } from './earlier-buckets.ts';
import { lostShards } from './lost-shards.ts';
import type { LiveBucket, LiveMapping, Resources } from './resources.ts';
import { chooseBuckets, type ChosenBucket } from './restore-choice.ts';
import type { PlannedBucket, SomeBuckets } from './restore-detail.ts';
import { expiringSoon, retentionOf } from './retention.ts';
import { replicationsOf } from './replications-of.ts';
import { returningPoints } from '../returning-points.ts';

interface Request {
  content: BackupContent;
  backup: Manifest;
  restore: RestoreRequest;
  destination: string;
  run: string;
  resources: Resources;
}

const SETTINGS =
  'users, tokens, dashboards, tasks, mappings and every other setting (only a restore of the whole server brings them back)';

/** Plans the restore of buckets beside what the destination has. Whatever stands in the way is found here. */
export async function planBuckets(request: Request): Promise<PlannedRestore> {
  const { content, backup, restore, destination, run } = request;
  const chosen = chooseBuckets(content.manifest.buckets, restore);
  const there = await lookAround(request.resources);
  const planned = chosen.map((one) => planBucket(one, there, request));
  const buckets = chosen.map(({ bucket }) => bucket);
  const steps = buckets.flatMap((bucket) => stepsOf(bucket, content));
  const detail: SomeBuckets = {
    version: 1,
    mode: 'buckets',
    backup: backup.id,
    run,
    buckets: planned,
  };
  const replaced = planned.filter((bucket) => bucket.replaces);
  return {
    summary: {
      backup: backup.id,
      from: backup.target,
      into: destination,
      destructive: false,
      creates: few([
        ...newOrganisations(planned, there).map((name) => `organisation ${name}`),
        ...planned.filter((bucket) => !bucket.replaces).map(label),
      ]),
      replaces: few(
        replaced.map((bucket) => `${label(bucket)} (kept as ${bucket.replaces?.keptAs ?? ''})`),
      ),
      leaves: few([
        SETTINGS,
        ...content.manifest.buckets
          .filter(isSystem)
          .map((bucket) => `${fullName(bucket)} (of the server itself, not restored)`),
      ]),
      bound: few(await boundTo(replaced, there, request.resources)),
      artifacts: steps.length,
      bytes: plainBytes(steps),
      warnings: [
        ...lostShards(backup, buckets),
        ...earlierIn(backup, buckets),
        ...returningPoints(steps),
        ...expiringSoon(buckets, new Date()),
      ],
    },
    steps,
    detail: { ...detail },
  };
}

interface Surroundings {
  organisations: Map<string, string>;
  /** By organisation id and name. */
  buckets: Map<string, LiveBucket>;
  mappings: LiveMapping[];
}

async function lookAround(resources: Resources): Promise<Surroundings> {
  const organisations = await resources.organisations();
  const buckets = await resources.buckets();
  const mappings: LiveMapping[] = [];
  for (const { id } of organisations) mappings.push(...(await resources.mappings(id)));
  return {
    organisations: new Map(organisations.map(({ name, id }) => [name, id])),
    buckets: new Map(buckets.map((bucket) => [`${bucket.orgID}/${bucket.name}`, bucket])),
    mappings,
  };
}

function planBucket(
  { bucket, organisation, name }: ChosenBucket,
  there: Surroundings,
  { restore, backup, run }: Request,
): PlannedBucket {
  const orgID = there.organisations.get(organisation);
  const at = (wanted: string) =>
    orgID === undefined ? undefined : there.buckets.get(`${orgID}/${wanted}`);
  const existing = at(name);
  const { onConflict = 'fail' } = restore;
  if (existing && onConflict === 'fail') {
    throw new HoldfastError(
      'DESTINATION_EXISTS',
      `The destination already has a bucket ${organisation}/${name}; nothing was changed.`,
    );
  }
  const free = (wanted: string) => freeName(wanted, (candidate) => at(candidate) !== undefined);
  const time = backup.id.slice(0, '2026-11-20t02-00-00z'.length);
  const final = existing && onConflict === 'rename' ? free(`${name}-restored-${time}`) : name;
  return {
    from: bucket.bucketID,
    organisation,
    name: final,
    temporary: `${final}.restoring-${run}`,
    description: bucket.description ?? '',
    retention: retentionOf(bucket),
    ...(existing &&
      onConflict === 'replace' && {
        replaces: {
          id: existing.id,
          keptAs: free(`${name}.replaced-${backup.id}`),
          mappings: there.mappings
            .filter(({ bucketID }) => bucketID === existing.id)
            .map((one) => ({
              id: one.id,
              database: one.database,
              retentionPolicy: one.retention_policy,
              default: one.default,
            })),
        },
      }),
  };
}

function freeName(wanted: string, taken: (name: string) => boolean): string {
  for (let attempt = 1; ; attempt += 1) {
    const name = attempt === 1 ? wanted : `${wanted}-${attempt}`;
    if (!taken(name)) return name;
  }
}

function newOrganisations(planned: PlannedBucket[], there: Surroundings): string[] {
  const names = new Set(planned.map(({ organisation }) => organisation));
  return [...names].filter((name) => !there.organisations.has(name));
}

/**
 * What points to a replaced bucket by its id. Tokens and replications cannot be moved: they come first, since somebody has
 * to make new ones.
 */
async function boundTo(
  replaced: PlannedBucket[],
  { organisations }: Surroundings,
  resources: Resources,
): Promise<string[]> {
  if (replaced.length === 0) return [];
  const authorizations = await resources.authorizations();
  const scrapers = await resources.scrapers();
  const stays: string[] = [];
  const moved: string[] = [];
  for (const bucket of replaced) {
    const { id: old, mappings } = bucket.replaces ?? { id: '', mappings: [] };
    const orgID = organisations.get(bucket.organisation) ?? '';
    const tokens = authorizations
      .filter(({ buckets }) => buckets.includes(old))
      .map(
        ({ id, description }) => `token ${description === '' ? id : `"${description}" (${id})`}`,
      );
    const replications = await replicationsOf(old, orgID, resources);
    stays.push(...[...tokens, ...replications].map((what) => `${what} of ${label(bucket)}`));
    moved.push(
      ...mappings.map(
        ({ database, retentionPolicy }) =>
          `DBRP mapping ${database}/${retentionPolicy} of ${label(bucket)}`,
      ),
      ...scrapers
        .filter(({ bucketID }) => bucketID === old)
        .map(({ name }) => `scraper "${name}" of ${label(bucket)}`),
    );
  }
  return [
    ...stays.map((what) => `${what} (stays with the replaced bucket; make a new one)`),
    ...moved.map((what) => `${what} (moved to the restored bucket)`),
  ];
}

function label({ organisation, name }: PlannedBucket): string {
  return `${organisation}/${name}`;
}
