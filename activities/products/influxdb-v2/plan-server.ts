import type { Manifest } from '../../catalog/manifest.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { BackupReader, PlannedRestore } from '../product.ts';
import { few } from '../../few.ts';
import { plainBytes, stepsOf, type BackupContent } from './backup-content.ts';
import { fullName, isSystem, parseBuckets, shardsOf } from './buckets.ts';
import { earlierIn } from './earlier-buckets.ts';
import { isAtLeast, readHealth, readVersion } from './health.ts';
import { lostShards } from './lost-shards.ts';
import { downloadBucketList } from './metadata.ts';
import { tellOlder } from './not-in-metadata.ts';
import { requireLongUploads } from './preflight.ts';
import type { Resources } from './resources.ts';
import type { WholeServer } from './restore-detail.ts';
import { expiringSoon, retentionOf } from './retention.ts';
import { returningPoints } from '../returning-points.ts';
import { requireReadable } from './require-readable.ts';
import { searchMetadata } from './search-metadata.ts';
import { settingsOf } from './settings.ts';
import { tasksRest } from './tasks-rest.ts';
import { tokenChanged } from './token-changed.ts';
import type { Tokens } from './tokens.ts';

interface Request {
  content: BackupContent;
  reader: BackupReader;
  destination: string;
  run: string;
  resources: Resources;
  tokens: Tokens;
}

/** Plans the replacement of everything that the destination has by everything that the backup holds. */
export async function planServer(request: Request): Promise<PlannedRestore> {
  const { content, reader, destination, run } = request;
  const buckets = content.manifest.buckets.filter(({ notInMetadata }) => !notInMetadata);
  const older = content.manifest.buckets.filter(({ notInMetadata }) => notInMetadata);
  const steps = buckets.flatMap((bucket) => stepsOf(bucket, content));
  const there = await lookAround(request);
  const longest = steps.reduce((most, step) => Math.max(most, plainBytes([step])), 0);
  await requireLongUploads(request.resources.client, await request.tokens.operator(), longest);
  const detail: WholeServer = {
    version: 1,
    mode: 'server',
    backup: reader.manifest.id,
    run,
    retention: buckets.flatMap((bucket) => {
      const retention = retentionOf(bucket);
      if (retention.everySeconds === 0) return [];
      const { bucketID, description = '' } = bucket;
      return [{ bucket: bucketID, name: fullName(bucket), description, ...retention }];
    }),
    names: buckets.filter((bucket) => !isSystem(bucket)).map(fullName),
  };
  return {
    summary: {
      backup: reader.manifest.id,
      from: reader.manifest.target,
      into: destination,
      destructive: there.used,
      creates: few(buckets.map(fullName)),
      replaces: there.used ? few(there.replaces) : [],
      leaves: few(
        older.map(
          (bucket) => `${fullName(bucket)} (not in these metadata; \`select\` restores it)`,
        ),
      ),
      bound: there.bound,
      artifacts: steps.length,
      bytes: plainBytes(steps),
      warnings: [
        ...there.warnings,
        ...lostShards(reader.manifest),
        ...(await metadataWarnings(request)),
        ...(await versionWarnings(request)),
        ...filterWarnings(reader.manifest),
        ...tellOlder(older),
        ...earlierIn(reader.manifest, buckets),
        ...returningPoints(steps),
        ...expiringSoon(buckets, new Date()),
      ],
    },
    steps,
    detail: { ...detail },
  };
}

/** A server is unused when it is as its set-up left it: one user, one organisation, one bucket, no data, no settings. */
async function lookAround(request: Request): Promise<{
  used: boolean;
  replaces: string[];
  bound: string[];
  warnings: Warning[];
}> {
  const { resources, tokens, destination, content, reader } = request;
  const { client } = resources;
  const organisations = await resources.organisations();
  const names = new Map(organisations.map(({ id, name }) => [id, name]));
  const live = (await resources.buckets()).filter(({ name }) => !name.startsWith('_'));
  const authorizations = await resources.authorizations();
  const settings = await settingsOf(resources, organisations);
  const text = await downloadBucketList(client, await tokens.operator());
  const named = parseBuckets(text, `The metadata of ${client.server}`);
  const holding = named.filter((bucket) => !isSystem(bucket) && !shardsOf(bucket).next().done);
  const used =
    organisations.length > 1 ||
    live.length > 1 ||
    authorizations.length > 1 ||
    settings.length > 0 ||
    holding.length > 0;
  return {
    used,
    // Buckets last: of so many the rest is only counted.
    replaces: [
      ...settings.filter((kind) => kind !== 'users'),
      `users and every other setting of ${destination}`,
      ...live.map(({ orgID, name }) => `${names.get(orgID) ?? orgID}/${name}`),
    ],
    bound: [
      `every token of ${destination} (${authorizations.length} now) stops working; those of the backup work instead`,
      `whoever writes to ${destination}: stop them until the restore is done, or what they write meanwhile may be lost`,
    ],
    warnings: await requireReadable({
      buckets: named,
      content,
      backup: reader.manifest,
      resources,
      tokens,
    }),
  };
}

/**
 * Finds out before anything is destroyed whether there will be a token afterwards, and what will not run by itself.
 * @throws TOKEN_AFTER_RESTORE
 */
async function metadataWarnings({
  content,
  reader,
  tokens,
  resources,
}: Request): Promise<Warning[]> {
  const candidates = await tokens.candidates();
  const { known, hashed, tasks } = await searchMetadata(
    reader.open(content.kv, { decompress: true }),
    candidates.map(({ token }) => token),
  );
  const resting = tasks ? [tasksRest('The tasks and checks of the backup')] : [];
  const first = candidates.find((_, index) => known[index]);
  if (first) {
    return [
      ...resting,
      ...(first.own ? [] : [tokenChanged(tokens.target, first.name, 'after this restore')]),
    ];
  }
  const tried = candidates.map(({ name }) => name).join(', ');
  if (hashed) {
    throw new HoldfastError(
      'TOKEN_AFTER_RESTORE',
      `In the backup, none of the tokens that could be used after a restore to ${resources.client.server} is an operator's (${tried}), and it keeps only hashes of its own; nothing was changed.`,
      {
        hint: 'Give an operator token of the server that the backup is of as `connection.tokenAfterRestore`, not an all-access one; a worker keeps the variables that it was started with. If that token is lost, restore by buckets: `--on-conflict fail` brings back all of them, or `--bucket <name>` one. Everything comes back with a token that is made in the backup itself: see docs/recovery-without-holdfast.md.',
      },
    );
  }
  return [
    ...resting,
    {
      code: 'TOKEN_UNSURE',
      message: `The backup knows no operator token among these: ${tried}. The restore depends on the token that the server answers, which is lost when the worker dies meanwhile. Better give \`connection.tokenAfterRestore\`.`,
    },
  ];
}

/** A server migrates older metadata when it takes it; newer metadata it cannot know. */
async function versionWarnings({ reader, resources }: Request): Promise<Warning[]> {
  const taken = readVersion(reader.manifest.product.version);
  const there = await readHealth(resources.client);
  if (taken.number === undefined || isAtLeast(there, taken.number[0], taken.number[1], 0))
    return [];
  return [
    {
      code: 'DESTINATION_OLDER',
      message: `The backup is of InfluxDB ${taken.text}, and the destination is ${there.text}: it may not understand the metadata. Better upgrade it first.`,
    },
  ];
}

function filterWarnings({ detail }: Manifest): Warning[] {
  const code = 'BACKUP_FILTERED';
  if (detail['select'] !== undefined) {
    const message =
      'The backup was taken with `connection.select`: buckets outside the selection come back empty.';
    return [{ code, message }];
  }
  // Of its own backups Holdfast knows whether their tokens can be read.
  if (detail['plaintextTokens'] !== 'unknown') return [];
  const message =
    'The backup was imported, and `influx backup` does not say whether it took a part of the server only (`--bucket`, `--org`): buckets that it left out come back empty, and the result names them.';
  return [{ code, message }];
}
