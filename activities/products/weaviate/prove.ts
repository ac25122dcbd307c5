import type { Warning } from '../../../workflows/contract/progress.ts';
import { eachBounded } from '../../each-bounded.ts';
import type { DelegatedBackup, PlannedJob, ProvenJob } from '../delegated.ts';
import type { Census, CensusPlace } from './census.ts';
import { comparePlace, type Finding } from './compare-place.ts';
import { readGlobal } from './descriptors.ts';
import { unprovenDropped } from './dropped-places.ts';
import { requireEveryShard } from './every-shard.ts';
import { told } from '../../few.ts';
import { timeOf } from './job-status.ts';
import { label } from './objects.ts';
import { readCensus } from './plan-restore.ts';
import { detailOf } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { isUncounted, unprovenTenants } from './tenant-warnings.ts';
import { expiredSince } from './time-to-live.ts';
import { unprovenRewritten, unprovenWritten } from './written-places.ts';

type OnProgress = (counts: { artifacts?: number; bytes?: number }) => void;

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
  const lives = new Map(
    (await weaviate.database.classes()).map(({ name, timeToLive }) => [name, timeToLive]),
  );
  const global = await readGlobal(weaviate.storage, backup.name, weaviate.signal);
  const completed = timeOf(global?.completedAt)?.getTime();
  const counts = { artifacts: 0, bytes: 0 };
  const found: (Finding & { place: CensusPlace })[] = [];
  await eachBounded(places, weaviate.concurrency, async (place) => {
    const finding =
      surroundings(place) ??
      (await comparePlace(weaviate.client, place, {
        digests: census.digests,
        expires: lives.get(place.class) !== undefined,
        completed,
        onBytes: (bytes) => {
          counts.bytes += bytes;
          onProgress({ ...counts });
        },
      }));
    found.push({ ...finding, place });
    counts.artifacts += 1;
    onProgress({ ...counts });
  });
  const failed = found.filter(({ result }) => result === 'different');
  const named = found.filter(({ result }) => result === 'named');
  // What a node that went away meanwhile holds is not lost.
  if (failed.length > 0) await requireShards(weaviate, chosen);
  return {
    totals: {
      ...counts,
      identical: found.filter(({ result }) => result === 'identical').length,
      equivalent: found.filter(({ result }) => result === 'equivalent').length,
      failed: {
        subjects: failed
          .slice(0, FAILED_SUBJECTS)
          .map(({ place, reason }) => `${label(place)} (${reason ?? 'it differs'})`),
        count: failed.length,
      },
    },
    warnings: [
      ...grown(found.filter(({ grew }) => grew).map(({ place }) => label(place))),
      ...unprovenTenants(
        named
          .filter((one) => !one.place.dropped && !one.expired && !one.unsettled && !one.rewritten)
          .map(({ place }) => place),
        recorded,
      ),
      ...expiredSince(reasons(found, 'expired')),
      ...unprovenWritten(reasons(found, 'unsettled')),
      ...unprovenRewritten(reasons(found, 'rewritten')),
      ...unprovenDropped(named.filter(({ place }) => place.dropped)),
    ],
  };
}

function reasons(
  found: readonly (Finding & { place: CensusPlace })[],
  why: 'expired' | 'unsettled' | 'rewritten',
): string[] {
  return found.flatMap(({ place, [why]: text }) => (text ? [`${label(place)}: ${text}`] : []));
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
    if (!present.has(name)) faults.set(name, 'the class did not come back');
    else if (multiTenant) {
      const live = await database.tenants(name);
      tenants.set(name, new Map(live.map((tenant) => [tenant.name, tenant.active])));
    } else {
      const live = new Set(
        nodes
          .flatMap((node) => node.shards.filter((shard) => shard.class === name))
          .map((s) => s.name),
      );
      const lost = shards.map((shard) => shard.name).filter((shard) => !live.has(shard));
      if (lost.length > 0) faults.set(name, `its shards ${told(lost)} did not come back`);
    }
  }
  return (place) => {
    const reason = faults.get(place.class);
    if (reason !== undefined) return { result: 'different', reason };
    if (place.tenant === undefined) return undefined;
    const active = tenants.get(place.class)?.get(place.tenant);
    if (active === undefined)
      return { result: 'different', reason: 'the tenant did not come back' };
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
