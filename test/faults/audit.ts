import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Collected } from '../../activities/catalog/collected.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { contentsBelow, filesBelow } from '../support/files-below.ts';
import type { Stage } from './stage.ts';

/**
 * What must hold after every run, however it went: every committed backup is whole, byte by byte,
 * and nothing lies anywhere that no manifest names.
 */
export interface Audit {
  /** Ids of whole backups, oldest first. */
  backups: string[];
  /** Sentences; empty when all is well. */
  problems: string[];
}

export async function audit(stage: Stage): Promise<Audit> {
  const disk = await auditObjects(await contentsBelow(stage.disk));
  const remote = await auditObjects(objectsOf(stage));
  const uploads = [...stage.s3.bucket.uploads.values()].map(({ key }) => `open upload of ${key}`);
  const overwritten = [...stage.s3.bucket.writes]
    .filter(([key, times]) => times > 1 && key.startsWith(OWN) && !key.includes('/leases/'))
    .map(([key]) => `${key} was written more than once`);
  const spooled = (await filesBelow(stage.spool)).map((file) => `spooled file ${file}`);
  return {
    backups: [...disk.backups, ...remote.backups].toSorted(),
    problems: [...disk.problems, ...remote.problems, ...uploads, ...overwritten, ...spooled],
  };
}

/** A product may write into the same bucket. */
const OWN = 'holdfast/';

function objectsOf(stage: Stage): Map<string, Buffer> {
  return new Map(
    [...stage.s3.bucket.objects]
      .filter(([key]) => key.startsWith(OWN))
      .map(([key, { body }]) => [key.slice(OWN.length), body]),
  );
}

async function auditObjects(files: Map<string, Buffer>): Promise<Audit> {
  const problems: string[] = [];
  const backups: string[] = [];
  const named = new Set<string>();
  for (const [key, bytes] of files) {
    // A product may have files of that name, too.
    if (!/^[^/]+\/[^/]+\/backup\.json$/.test(key)) continue;
    const folder = `${posix.dirname(key)}/`;
    const manifest = JSON.parse(bytes.toString()) as Manifest;
    backups.push(manifest.id);
    named.add(key).add(folder + manifest.objects.path);
    const list = files.get(folder + manifest.objects.path);
    if (!list || sha256(list) !== manifest.objects.sha256) {
      problems.push(`the list of ${manifest.id} is missing or other than its manifest says`);
      continue;
    }
    const lines = linesOf(list);
    const counted = lines.length + (manifest.delegated?.count ?? 0);
    if (manifest.totals.objects !== counted) problems.push(`${manifest.id} counts wrongly`);
    for (const line of [...lines, ...collectedIn(files, folder, manifest, named)]) {
      // Of another backup of the target, where that one has the bytes already.
      const object = posix.join(folder, line.from ?? line.path);
      named.add(object);
      const there = files.get(object);
      if (!there) problems.push(`${object} is missing`);
      else if (sha256(there) !== line.sha256) problems.push(`${object} has other bytes`);
    }
  }
  for (const key of files.keys()) {
    const proof = /^([^/]+\/[^/]+)\/proofs\/\d[^/]+\.json$/.exec(key);
    if (proof && named.has(`${proof[1] ?? ''}/backup.json`)) continue;
    if (!named.has(key)) problems.push(`stray ${key}`);
  }
  return { backups, problems: problems.toSorted() };
}

/** The lines of the copy, when it has ended; names the objects that tell of it. */
function collectedIn(
  files: Map<string, Buffer>,
  folder: string,
  { delegated }: Manifest,
  named: Set<string>,
): ObjectLine[] {
  if (!delegated) return [];
  named.add(folder + delegated.objects.path);
  const told = files.get(`${folder}collected.json`);
  if (!told) return [];
  const { objects } = JSON.parse(told.toString()) as Collected;
  named.add(`${folder}collected.json`).add(folder + objects.path);
  return linesOf(files.get(folder + objects.path) ?? Buffer.alloc(0));
}

function linesOf(list: Buffer): ObjectLine[] {
  const lines = gunzipSync(list).toString().trim().split('\n');
  return lines.filter(Boolean).map((text) => JSON.parse(text) as ObjectLine);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether the lock of a target is held by a running workflow. */
export async function isLocked(client: Client, lock: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(lock).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
