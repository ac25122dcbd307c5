import { z } from 'zod';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import { few, told } from '../../few.ts';
import type { Secret } from '../../secrets.ts';
import type { BackupReader, KnownOfPrepare } from '../product.ts';
import { readContent, type BackupContent } from './backup-content.ts';
import { bounded } from './bounded-warnings.ts';
import { cameBack } from './came-back.ts';
import { tellLeftOut } from './not-in-metadata.ts';
import type { Resources } from './resources.ts';
import type { RestoreState, WholeServer } from './restore-detail.ts';
import { runningOf } from './settings.ts';
import { resumeRetention, suspendRetention } from './suspended-retention.ts';
import { tasksRest } from './tasks-rest.ts';
import { tokenChanged, withToken } from './token-changed.ts';
import type { Tokens } from './tokens.ts';
import { unlessUnreadable } from './unless-unreadable.ts';
import { labelOf, leaveLabel } from './untouched-label.ts';

/** A server looks for expired shards every half an hour: that it finds them between so many replacements is no accident. */
const REPLACEMENTS = 3;

/**
 * Replaces the metadata of the server, and with it every shard by an empty one. Repeating it is safe: nothing but
 * metadata has been restored yet, and a token that works now is looked for each time.
 * @throws TOKEN_AFTER_RESTORE, DESTINATION_UNREADABLE, DESTINATION_CHANGED when it has other metadata, or removes shards at once
 */
export async function prepareServer(
  plan: WholeServer,
  backup: BackupReader,
  resources: Resources,
  tokens: Tokens,
  takesAway?: () => Promise<boolean>,
): Promise<RestoreState> {
  const content = await readContent(backup);
  const buckets = content.manifest.buckets.filter(({ notInMetadata }) => !notInMetadata);
  // What replaces everything is read to its end first: damage in its last byte would show when all is gone.
  for (const lines of [content.kv, ...(content.sql ? [content.sql] : [])]) {
    for await (const _ of backup.open(lines, { decompress: true }));
  }
  for (let replacements = 1; ; replacements += 1) {
    // An attempt before this one may have replaced every token, and its answer may be lost.
    const before = await tokens.operatorAfter({ afresh: true });
    if (replacements === 1 && (await takesAway?.()) === false)
      await leaveLabel(plan.run, resources);
    try {
      await replaceMetadata(content, backup, resources, tokens, before);
    } catch (error) {
      throw await unlessUnreadable(error, plan.run, buckets, resources, tokens);
    }
    await suspendRetention(plan, resources);
    // Until then the server may have removed what has expired.
    const { removed, leftOut, strange, empty } = await cameBack(buckets, resources.client, tokens);
    if (strange) throw notNamed(leftOut.buckets, resources);
    if (removed.length === 0) {
      return {
        version: 1,
        ...(empty.length > 0 && { empty: few(empty) }),
        ...(leftOut.ids.length + leftOut.buckets.length > 0 && { leftOut }),
      };
    }
    if (replacements === REPLACEMENTS) throw removedAtOnce(removed, resources);
  }
}

async function replaceMetadata(
  content: BackupContent,
  backup: BackupReader,
  { client }: Resources,
  tokens: Tokens,
  before: Secret,
): Promise<void> {
  const answer = await client.json({
    method: 'POST',
    path: '/api/v2/restore/kv',
    operation: 'restoring the metadata (kv)',
    token: before,
    body: backup.open(content.kv, { decompress: true }),
  });
  tokens.learn(
    z
      .object({ token: z.string().default('') })
      .catch({ token: '' })
      .parse(answer).token,
  );
  const token = await tokens.operatorAfter({ afresh: true });
  if (content.sql) {
    const response = await client.send({
      method: 'POST',
      path: '/api/v2/restore/sql',
      operation: 'restoring the metadata (sql)',
      token,
      body: backup.open(content.sql, { decompress: true }),
    });
    await response.discard();
  }
}

function removedAtOnce(lost: string[], { client }: Resources): HoldfastError {
  return new HoldfastError(
    'DESTINATION_CHANGED',
    `${client.server} removed ${told(lost)} as expired ${REPLACEMENTS} times, each time before Holdfast could suspend the retention of its buckets; no shard was uploaded.`,
    {
      hint: 'Start influxd with a longer `--storage-retention-check-interval` and run the restore again.',
    },
  );
}

function notNamed(missing: string[], { client }: Resources): HoldfastError {
  return new HoldfastError(
    'DESTINATION_CHANGED',
    `${client.server} took the metadata of the backup, and does not have ${told(missing)} now, which is all that they should name: somebody has replaced or removed them since; no shard was uploaded.`,
  );
}

export async function finishServer(
  plan: WholeServer,
  { empty = [], leftOut }: RestoreState,
  resources: Resources,
  tokens: Tokens,
): Promise<{ restored: string[]; warnings: Warning[] }> {
  await resumeRetention(plan, resources);
  const running = await runningOf(resources);
  const strange = await tokens.strange();
  return {
    restored: plan.names.filter((name) => leftOut?.buckets.includes(name) !== true),
    warnings: [
      ...(leftOut ? tellLeftOut(leftOut) : []),
      ...bounded(
        'BUCKET_EMPTY',
        empty,
        (name) => `${name} came back without its data, which the backup does not hold.`,
        (more) => `${more} further buckets came back without their data.`,
      ),
      ...(running.length > 0 ? [tasksRest(`Restored ${running.join(', ')}`)] : []),
      ...(strange === undefined ? [] : [tokenChanged(tokens.target, strange, 'now')]),
    ],
  };
}

/**
 * What was there before is gone; at least nothing that has come back keeps for ever by mistake, and whoever has to mend
 * the server is told what it is now.
 */
export async function undoServer(
  plan: WholeServer,
  resources: Resources,
  tokens: Tokens,
  { state, tookAway = false }: KnownOfPrepare,
): Promise<{ removed: string[]; quarantined: string[]; lost: string[] }> {
  let lost: string[] = [];
  try {
    await resumeRetention(plan, resources);
    if (tookAway && (await isReplaced(plan, state, resources))) {
      lost = [lostBy(plan, resources, withToken(await tokens.strange()))];
    }
  } catch (error) {
    // That the server is half replaced must be told, also when it lets nobody look.
    if (!tookAway || !(error instanceof HoldfastError) || error.retryable) throw error;
    lost = [lostBy(plan, resources, ', in buckets that may keep for ever')];
  }
  return { removed: [], quarantined: [], lost };
}

/** A server that refused the metadata has kept its own. Where nothing shows it, they count as replaced. */
async function isReplaced(
  { names, run }: WholeServer,
  state: KnownOfPrepare['state'],
  resources: Resources,
): Promise<boolean> {
  const label = await labelOf(run, resources);
  if (label) await resources.removeLabel(label.id);
  if (state !== undefined) return true;
  if (label) return false;
  const organisations = await resources.organisations();
  const nameOf = new Map(organisations.map(({ id, name }) => [id, name]));
  const buckets = await resources.buckets();
  const live = new Set(buckets.map(({ orgID, name }) => `${nameOf.get(orgID) ?? ''}/${name}`));
  return names.length === 0 || names.some((name) => live.has(name));
}

function lostBy({ backup }: WholeServer, { client }: Resources, more: string): string {
  return `everything at ${client.server} (it has the metadata of backup ${backup} now, and perhaps not all of its shards${more})`;
}
