import type { Warning } from '../../../workflows/contract/progress.ts';
import { eachBounded } from '../../each-bounded.ts';
import type { DelegatedBackup, PlannedJob, ProvenJob } from '../delegated.ts';
import { readCensus, type Census, type CensusPlace } from './census.ts';
import { comparePlace } from './compare-place.ts';
import { readGlobal } from './descriptors.ts';
import { unprovenDropped } from './dropped-places.ts';
import { requireEveryShard } from './every-shard.ts';
import type { Finding } from './evidence.ts';
import { told } from '../../few.ts';
import { timeOf } from './job-status.ts';
import { ObjectDigest } from './object-digest.ts';
import { isWrittenSince, label } from './objects.ts';
import { detailOf } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { isUncounted, unprovenTenants } from './tenant-warnings.ts';
import { expiredSince } from './time-to-live.ts';
import { unprovenRewritten, unprovenWritten } from './written-places.ts';

type OnProgress = (counts: { artifacts?: number; bytes?: number }) => void;

type Found = Finding & { place: CensusPlace };

const FAILED_SUBJECTS = 20;

/** Counts and reads what came back, and compares it with what the backup recorded. */
export async function prove(
  weaviate: Weaviate,
  plan: PlannedJob,
  backup: DelegatedBackup,
  onProgress: OnProgress,
): Promise<ProvenJob> {
  const census = await readCensus(backup);
  const chosen = new Set(detailOf(plan).classes.map(({ name }) => name));
  const recorded = census.places.filter((place) => chosen.has(place.class));
  const places = recorded.filter(({ absent }) => absent === undefined);
  const surroundings = await lookAround(weaviate, census, chosen);
  const live = await weaviate.database.classes();
  const expiring = new Set(live.filter((one) => one.timeToLive).map(({ name }) => name));
  const global = await readGlobal(weaviate.storage, backup.name, weaviate.signal);
  // Where the server does not tell, nothing counts as written later.
  const completed = timeOf(global?.completedAt)?.getTime() ?? Infinity;
  const digest = new ObjectDigest(census.digests);
  const counts = { artifacts: 0, bytes: 0 };
  const found: Found[] = [];
  await eachBounded(places, weaviate.concurrency, async (place) => {
    const finding =
      surroundings(place) ??
      (await comparePlace(weaviate.client, place, {
        digest,
        expires: expiring.has(place.class),
        isLater: (object) => isWrittenSince(object, completed),
        onBytes: (bytes) => {
          counts.bytes += bytes;
          onProgress({ ...counts });
        },
      }));
    found.push({ ...finding, place });
    counts.artifacts += 1;
    onProgress({ ...counts });
  });
  // What a node that went away meanwhile holds is not lost.
  if (found.some(({ result }) => result === 'different')) await requireShards(weaviate, chosen);
  return { totals: { ...counts, ...resultsOf(found) }, warnings: warningsOf(found, recorded) };
}

function resultsOf(found: readonly Found[]): Omit<ProvenJob['totals'], 'artifacts' | 'bytes'> {
  const of = (wanted: Finding['result']) => found.filter(({ result }) => result === wanted);
  const failed = of('different').map(({ place, lost = '' }) => `${label(place)} (${lost})`);
  return {
    identical: of('identical').length,
    equivalent: of('equivalent').length,
    failed: { subjects: failed.slice(0, FAILED_SUBJECTS), count: failed.length },
  };
}

/** What is to be said of that which is not lost, and of which not all is proven. */
function warningsOf(found: readonly Found[], recorded: readonly CensusPlace[]): Warning[] {
  const named = found.filter(({ result }) => result === 'named');
  const isExplained = ({ place, expired, unsettled, rewritten }: Found) =>
    place.dropped || expired || unsettled || rewritten;
  const reasons = (why: 'expired' | 'unsettled' | 'rewritten') =>
    found.flatMap(({ place, [why]: text }) => (text ? [`${label(place)}: ${text}`] : []));
  return [
    ...grown(found.filter(({ grew }) => grew).map(({ place }) => label(place))),
    ...unprovenTenants(
      named.filter((one) => !isExplained(one)).map(({ place }) => place),
      recorded,
    ),
    ...expiredSince(reasons('expired')),
    ...unprovenWritten(reasons('unsettled')),
    ...unprovenRewritten(reasons('rewritten')),
    ...unprovenDropped(named.filter(({ place }) => place.dropped)),
  ];
}

/** Classes, tenants and shards that did not come back need not be asked for their objects. */
async function lookAround(
  weaviate: Weaviate,
  census: Census,
  chosen: ReadonlySet<string>,
): Promise<(place: CensusPlace) => Finding | undefined> {
  const { database } = weaviate;
  const present = await requireShards(weaviate, chosen);
  const nodes = await database.nodes('verbose');
  const tenants = new Map<string, Map<string, boolean>>();
  const faults = new Map<string, string>();
  for (const { name, multiTenant, shards } of census.classes) {
    if (!chosen.has(name)) continue;
    if (!present.has(name)) {
      await database.requireInSight({ class: name });
      faults.set(name, 'the class did not come back');
    } else if (multiTenant) {
      const live = await database.tenants(name);
      tenants.set(name, new Map(live.map((tenant) => [tenant.name, tenant.active])));
    } else {
      const own = nodes.flatMap((node) => node.shards.filter((shard) => shard.class === name));
      const live = new Set(own.map((shard) => shard.name));
      const lost = shards.map((shard) => shard.name).filter((shard) => !live.has(shard));
      if (lost.length > 0) {
        await database.requireInSight({ shardsOf: name });
        faults.set(name, `its shards ${told(lost)} did not come back`);
      }
    }
  }
  return (place) => {
    const reason = faults.get(place.class);
    if (reason !== undefined) return { result: 'different', lost: reason };
    if (place.tenant === undefined) return undefined;
    const active = tenants.get(place.class)?.get(place.tenant);
    if (active === undefined) return { result: 'different', lost: 'the tenant did not come back' };
    // Only waking a tenant up would tell more.
    return isUncounted(place) || !active ? { result: 'named' } : undefined;
  };
}

/** @returns the names of all classes. @throws TARGET_ERROR while a node is away */
async function requireShards(
  { database, client }: Weaviate,
  chosen: ReadonlySet<string>,
): Promise<Set<string>> {
  const classes = await database.classes();
  await requireEveryShard(
    database,
    classes.filter(({ name }) => chosen.has(name)),
    client.server,
  );
  return new Set(classes.map(({ name }) => name));
}

function grown(places: string[]): Warning[] {
  if (places.length === 0) return [];
  return [
    {
      code: 'MORE_THAN_RECORDED',
      message: `More objects are there than were counted for the backup, so they were written while it was taken or after the restore: ${told(places)}.`,
    },
  ];
}
