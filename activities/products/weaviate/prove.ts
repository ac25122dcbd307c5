import type { Warning } from '../../../workflows/contract/progress.ts';
import { eachBounded } from '../../each-bounded.ts';
import type { DelegatedBackup, PlannedJob, ProvenJob } from '../delegated.ts';
import type { Census, CensusPlace } from './census.ts';
import { unprovenDropped } from './dropped-places.ts';
import { requireEveryShard } from './every-shard.ts';
import { told } from '../../few.ts';
import { ObjectDigest } from './object-digest.ts';
import { label, readObject } from './objects.ts';
import { countOf, digestText, tallyOf } from './observe.ts';
import { readCensus } from './plan-restore.ts';
import { detailOf } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { countOf as countOfPart } from './tally.ts';
import { isUncounted, unprovenTenants } from './tenant-warnings.ts';
import { expiredSince, mayHaveExpired } from './time-to-live.ts';

type OnProgress = (counts: { artifacts?: number; bytes?: number }) => void;

/** What was found of one class or tenant. */
interface Finding {
  /** `named`: it is there, and there was nothing to compare. */
  result: 'identical' | 'equivalent' | 'named' | 'different';
  reason?: string;
  /** More objects than the backup was taken from. */
  grew?: boolean;
  /** Of what was dropped while the backup was taken. */
  count?: number;
  /** What is missing of what may have expired. */
  expired?: string;
}

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
  const counts = { artifacts: 0, bytes: 0 };
  const found: (Finding & { place: CensusPlace })[] = [];
  await eachBounded(places, weaviate.concurrency, async (place) => {
    const finding =
      surroundings(place) ??
      (await compare(weaviate, place, lives.get(place.class) !== undefined, (bytes) => {
        counts.bytes += bytes;
        onProgress({ ...counts });
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
        named.filter((one) => !one.place.dropped && !one.expired).map(({ place }) => place),
        recorded,
      ),
      ...expiredSince(
        found.flatMap(({ place, expired }) => (expired ? [`${label(place)}: ${expired}`] : [])),
      ),
      ...unprovenDropped(named.filter(({ place }) => place.dropped)),
    ],
  };
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

async function compare(
  { client }: Weaviate,
  place: CensusPlace,
  expires: boolean,
  onBytes: (bytes: number) => void,
): Promise<Finding> {
  if (place.dropped) return { result: 'named', count: await countOf(client, place) };
  const digest = new ObjectDigest();
  const { least = 0, most = least, sample, parts } = place;
  const tally =
    parts &&
    (await tallyOf(client, place, parts.length, digest, (_objects, bytes) => onBytes(bytes)));
  const count = tally?.count ?? (await countOf(client, place));
  let expired = count < least ? `${count} objects of at least ${least}` : undefined;
  if (expired !== undefined && !expires) return { result: 'different', reason: expired };
  const grew = count > most;
  if (parts && tally) {
    const there = tally.parts();
    const wrong = parts.filter(
      (part, at) =>
        part !== null && part !== there[at] && countOfPart(there[at] ?? '') <= countOfPart(part),
    );
    const fewer = parts.filter(
      (part, at) => part !== null && countOfPart(there[at] ?? '') < countOfPart(part),
    );
    if (wrong.length > (expires ? fewer.length : 0)) {
      return { result: 'different', reason: 'objects are not what they were' };
    }
    if (fewer.length > 0) expired ??= `fewer objects in ${fewer.length} of ${parts.length} parts`;
  }
  for (const [id, expected] of sample) {
    const object = await readObject(client, place, id);
    if (!object) {
      const reason = `object ${id} is missing`;
      if (!expires || !mayHaveExpired(place, id)) return { result: 'different', reason };
      expired ??= reason;
      continue;
    }
    if (digestText(digest, object) !== expected) {
      return { result: 'different', reason: `object ${id} is not what it was` };
    }
  }
  if (expired !== undefined) return { result: 'named', expired, ...(grew && { grew }) };
  const whole = parts !== undefined && !grew && parts.every((part) => part !== null);
  return { result: whole ? 'identical' : 'equivalent', ...(grew && { grew }) };
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
