import { z } from 'zod';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { BackupReader } from '../product.ts';
import { readContent } from './backup-content.ts';
import type { Resources } from './resources.ts';
import type { RestoreState, WholeServer } from './restore-detail.ts';
import { resumeRetention, suspendRetention } from './suspended-retention.ts';
import type { Tokens } from './tokens.ts';

/**
 * Replaces the metadata of the server, and with it every shard by an empty one. Repeating it is safe: nothing but
 * metadata has been restored yet, and a token that works now is looked for each time.
 * @throws TOKEN_AFTER_RESTORE
 */
export async function prepareServer(
  plan: WholeServer,
  backup: BackupReader,
  resources: Resources,
  tokens: Tokens,
  takesAway?: () => Promise<void>,
): Promise<RestoreState> {
  const { client } = resources;
  const content = await readContent(backup);
  // What replaces everything is read to its end first: damage in its last byte would show when all is gone.
  for (const lines of [content.kv, ...(content.sql ? [content.sql] : [])]) {
    for await (const _ of backup.open(lines, { decompress: true }));
  }
  // An attempt before this one may have replaced every token, and its answer may be lost.
  const before = await tokens.operatorAfter({ afresh: true });
  await takesAway?.();
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
  await suspendRetention(plan, resources);
  return { version: 1 };
}

export async function finishServer(
  plan: WholeServer,
  resources: Resources,
): Promise<{ restored: string[]; warnings: Warning[] }> {
  await resumeRetention(plan, resources);
  return { restored: plan.names, warnings: [] };
}

/**
 * What was there before is gone; at least nothing that has come back keeps for ever by mistake, and whoever has to mend
 * the server is told what it is now.
 */
export async function undoServer(
  plan: WholeServer,
  resources: Resources,
  tookAway: boolean,
): Promise<{ removed: string[]; quarantined: string[]; lost: string[] }> {
  let lost: string[] = [];
  try {
    await resumeRetention(plan, resources);
    if (tookAway && (await isReplaced(plan, resources))) lost = [lostBy(plan, resources, '')];
  } catch (error) {
    // That the server is half replaced must be told, also when it lets nobody look.
    if (!tookAway || !(error instanceof HoldfastError) || error.retryable) throw error;
    lost = [lostBy(plan, resources, ', in buckets that may keep for ever')];
  }
  return { removed: [], quarantined: [], lost };
}

/** A server that refused the metadata has kept its own. */
async function isReplaced({ names }: WholeServer, resources: Resources): Promise<boolean> {
  const organisations = await resources.organisations();
  const nameOf = new Map(organisations.map(({ id, name }) => [id, name]));
  const buckets = await resources.buckets();
  const live = new Set(buckets.map(({ orgID, name }) => `${nameOf.get(orgID) ?? ''}/${name}`));
  return names.every((name) => live.has(name));
}

function lostBy({ backup }: WholeServer, { client }: Resources, more: string): string {
  return `everything at ${client.server} (it has the metadata of backup ${backup} now, and perhaps not all of its shards${more})`;
}
