import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { HoldfastError } from '../../failure.ts';
import type { ArtifactPlan, DirectorySource, OpenArtifact } from '../product.ts';
import { fullName, isSystem, shardName, shardsOf, type Bucket } from './buckets.ts';
import { packBuckets, type Captured } from './captured.ts';
import { conclude } from './conclude.ts';
import { tellEarlier } from './earlier-buckets.ts';
import { print } from './lossless-json.ts';
import { ROLE, SUBJECT } from './names.ts';
import { tellOlder } from './not-in-metadata.ts';
import { fileOf, readManifest, withoutFiles, type OfficialFile } from './official-manifest.ts';
import { fileBytes } from './spool.ts';
import { stillSuspended } from './suspended-retention.ts';

/** A directory that `influx backup` wrote, as the source of a backup: what is stored is what lies there. */
export interface BackupDirectory extends DirectorySource {
  /** The name that the files of the newest backup in it begin with: `20240131T235959Z`. */
  base: string;
}

interface Contents {
  base: string;
  kv: OfficialFile;
  sql?: OfficialFile;
  buckets: Bucket[];
  /** Of those that an older backup alone holds: when that was begun. */
  older: Map<Bucket, Date>;
}

/**
 * Looks at a directory, and that every file that its manifests name is there with its size.
 * @throws INPUT_INVALID, BACKUP_FORMAT_NEWER, BACKUP_DAMAGED
 */
export async function openBackupDirectory(dir: string): Promise<BackupDirectory> {
  const contents = await readManifests(dir);
  const artifacts = contents.buckets.flatMap((bucket) => shardArtifacts(bucket));
  requireDistinct(dir, artifacts);
  for (const file of [contents.kv, ...(contents.sql ? [contents.sql] : []), ...filesOf(contents)]) {
    await requireFile(dir, file);
  }
  return {
    base: contents.base,
    startedAt: startOf(contents.base),
    oldest: oldestOf(contents),
    artifacts,
    capture: async (sink) => {
      const { kv, sql } = contents;
      await sink.store(metadataArtifact(kv, SUBJECT.kv, 'bolt'), () => openFile(dir, kv));
      if (sql)
        await sink.store(metadataArtifact(sql, SUBJECT.sql, 'sqlite'), () => openFile(dir, sql));
      const warnings = [
        ...tellOlder(contents.buckets),
        ...tellEarlier(contents.older),
        ...stillSuspended(contents.buckets),
      ];
      return { artifacts, detail: { ...detailOf(contents) }, warnings };
    },
    open: ({ key }) =>
      openFile(dir, {
        fileName: String(key['file']),
        size: 0,
        compression: Number(key['compression']),
      }),
    conclude,
  };
}

/** A bucket as the newest manifest has it that names it. */
interface Named {
  bucket: Bucket;
  base: string;
}

/** The newest manifest gives the metadata; of each bucket the newest entry counts, as the official tool does it. */
async function readManifests(dir: string): Promise<Contents> {
  const names = (await listed(dir)).filter((name) => name.endsWith('.manifest')).toSorted();
  let named: Named[] = [];
  let newest: Pick<Contents, 'base' | 'kv' | 'sql'> | undefined;
  for (const name of names) {
    const path = join(dir, name);
    const { kv, sql, buckets } = readManifest(await readFile(path, 'utf8'), path);
    const base = name.slice(0, -'.manifest'.length);
    named = [...notNamedBy(buckets, named), ...buckets.map((bucket) => ({ bucket, base }))];
    newest = { base, kv, ...(sql && { sql }) };
  }
  if (!newest) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `${dir} holds no backup: there is no *.manifest in it.`,
    );
  }
  const older = named.flatMap(({ bucket, base }): [Bucket, Date][] => {
    const time = base === newest.base ? undefined : timeOf(base);
    return time && !shardsOf(bucket).next().done ? [[bucket, time]] : [];
  });
  return { ...newest, buckets: named.map(({ bucket }) => bucket), older: new Map(older) };
}

/**
 * What a newer manifest leaves of older ones: what it names is newer there, under whatever name. Marks what its metadata
 * cannot know: only where it is of all buckets of an organisation does it tell that one is gone. A backup of single
 * buckets (`--bucket`) does not name both of the server's own, and one of a single organisation (`--org`) tells nothing of
 * others.
 */
function notNamedBy(newer: Bucket[], older: Named[]): Named[] {
  const own = newer.filter(isSystem).map(({ organizationID }) => organizationID);
  const whole = new Set(own.filter((id, at) => own.indexOf(id) !== at));
  const ids = new Set(newer.map(({ bucketID }) => bucketID));
  const names = new Set(newer.map(fullName));
  return older
    .filter(({ bucket }) => !ids.has(bucket.bucketID) && !names.has(fullName(bucket)))
    .map(({ bucket, base }) => {
      const known = whole.size > 1 || whole.has(bucket.organizationID);
      return { bucket: known ? { ...bucket, notInMetadata: true } : bucket, base };
    });
}

async function listed(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', `${dir} is not a directory that can be read here.`, {
      cause,
    });
  }
}

function shardArtifacts(bucket: Bucket): ArtifactPlan[] {
  return [...shardsOf(bucket)].flatMap(({ shard }) => {
    const file = fileOf(shard);
    if (file === undefined) return [];
    return [
      {
        path: plainName(file),
        role: ROLE.shard,
        subject: shardName(bucket, shard.id),
        format: 'tar' as const,
        key: { shard: shard.id, file: file.fileName, compression: file.compression },
      },
    ];
  });
}

function metadataArtifact(
  file: OfficialFile,
  subject: string,
  format: 'bolt' | 'sqlite',
): ArtifactPlan {
  return { path: plainName(file), role: ROLE.metadata, subject, format, key: {} };
}

/** Suffixes of compression are the store's to add. */
function plainName({ fileName }: OfficialFile): string {
  return basename(fileName).replace(/\.gz$/, '');
}

function openFile(dir: string, { fileName, compression }: OfficialFile): Promise<OpenArtifact> {
  return Promise.resolve({
    body: fileBytes(resolve(dir, fileName)),
    codec: compression === 1 ? 'gzip' : 'identity',
  });
}

function filesOf({ buckets }: Contents): OfficialFile[] {
  return buckets.flatMap((bucket) =>
    [...shardsOf(bucket)].flatMap(({ shard }) => fileOf(shard) ?? []),
  );
}

function detailOf({ base, buckets, sql }: Contents): Captured {
  const all = buckets.map((bucket) => withoutFiles(bucket, () => true));
  return {
    version: 1,
    base,
    buckets: packBuckets(print(all)),
    sql: sql !== undefined,
    plaintextTokens: 'unknown',
  };
}

/** Backups of different servers may lie in one directory, but one backup cannot hold two shards of the same number. */
function requireDistinct(dir: string, artifacts: ArtifactPlan[]): void {
  const seen = new Map<number, ArtifactPlan>();
  for (const artifact of artifacts) {
    const shard = Number(artifact.key['shard']);
    const other = seen.get(shard);
    if (other) {
      throw new HoldfastError(
        'INPUT_INVALID',
        `The manifests in ${dir} name shard ${shard} twice, of ${other.subject} and of ${artifact.subject}; import each backup from a directory of its own.`,
      );
    }
    seen.set(shard, artifact);
  }
}

async function requireFile(dir: string, { fileName, size }: OfficialFile): Promise<void> {
  const path = resolve(dir, fileName);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() && found.size === size) return;
  throw new HoldfastError(
    'BACKUP_DAMAGED',
    found?.isFile()
      ? `${path} has ${found.size} bytes, and its manifest says ${size}.`
      : `${path} is named by a manifest, and is not there.`,
    { hint: 'Import another backup, or take it again with `influx backup`.' },
  );
}

/** Everything else is as old as the newest backup. */
function oldestOf({ base, older }: Contents): Date {
  const times = [startOf(base), ...older.values()].map((time) => time.getTime());
  return new Date(Math.min(...times));
}

function startOf(base: string): Date {
  const time = timeOf(base);
  if (time) return time;
  throw new HoldfastError(
    'INPUT_INVALID',
    `${base}.manifest does not bear a time like 20240131T235959Z, as those of influx backup do.`,
  );
}

/** Two digits each, as the official tool writes them: `20240131T235959Z`. */
function timeOf(base: string): Date | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(base);
  if (!digits) return undefined;
  const [, year, month, day, hour, minute, second] = digits;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
