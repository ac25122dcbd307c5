import { type Config, isRestoreOnly, snapshotOf } from '../../activities/config/config.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { webhookUrl } from '../../activities/notify/webhook.ts';
import type { Preflight } from '../../workflows/contract/activities.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { asHoldfastError } from '../failures.ts';
import { checkEncryption } from './check-encryption.ts';
import { missingSecrets } from './missing-secrets.ts';
import type { Check } from './check.ts';

const PATIENCE_MS = 60_000;

/**
 * Every target's preflight, as a backup would make it, or a restore where nothing else can be done; and the secrets
 * and the encryption that only a restore tries.
 */
export async function checkTargets(config: Config): Promise<Check[]> {
  const names = [...config.targets.keys()];
  return (await Promise.all(names.map((name) => checkTarget(config, name)))).flat();
}

async function checkTarget(config: Config, name: string): Promise<Check[]> {
  const snapshot = snapshotOf(config, name);
  const about = { area: 'target', subject: name } as const;
  const missing = await missingSecrets(snapshot);
  const beside = [
    ...missing.map((error) => problemOf(name, error)),
    ...(await checkEncryption(snapshot)),
    ...(await checkWebhooks(snapshot)),
    ...(await checkStorage(snapshot)),
  ];
  try {
    const purpose = isRestoreOnly(snapshot.product) ? 'restore' : 'backup';
    const { version, warnings } = await preflight(snapshot, purpose);
    const able = purpose === 'restore' ? 'can be restored into' : 'can be backed up';
    return [
      { ...about, level: 'ok', message: `${snapshot.product} ${version} ${able}` },
      ...warnings.map(({ message }): Check => ({ ...about, level: 'note', message })),
      ...beside,
    ];
  } catch (error) {
    const failure = asHoldfastError(error);
    // It met one of those that are told anyway.
    if (failure.code === 'SECRET_MISSING' && missing.length > 0) return beside;
    return [problemOf(name, failure), ...beside];
  }
}

function problemOf(target: string, error: unknown): Check {
  const { message, hint } = asHoldfastError(error);
  return { area: 'target', subject: target, level: 'problem', message, hint };
}

/** That their addresses are there. Nothing is posted: somebody may be woken by it. */
async function checkWebhooks({ target, notify = [] }: TargetSnapshot): Promise<Check[]> {
  const looks = await Promise.allSettled(notify.map(({ webhook }) => webhookUrl(webhook, target)));
  return looks.flatMap((look) =>
    look.status === 'fulfilled' ? [] : [problemOf(target, look.reason)],
  );
}

/** Only a restore writes where the database keeps its backups, and then it is too late to find out. */
async function checkStorage(snapshot: TargetSnapshot): Promise<Check[]> {
  // The SDK of S3 takes a while to load, and most verbs open no store.
  const { foreignStorage } = await import('../../activities/foreign-storage.ts');
  const note = (message: string): Check => ({
    area: 'target',
    subject: snapshot.target,
    level: 'note',
    message,
  });
  const resources = createStoreResources();
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return (await foreignStorage(resources, signal, snapshot)).map(note);
  } catch (error) {
    const failure = asHoldfastError(error);
    // It is told anyway.
    return failure.code === 'SECRET_MISSING' ? [] : [note(failure.message)];
  } finally {
    await resources.close();
  }
}

async function preflight(
  snapshot: TargetSnapshot,
  purpose: 'backup' | 'restore',
): Promise<Preflight> {
  // The SDK of S3 takes a while to load, and most verbs open no store.
  const { withAnySession } = await import('../../activities/workspace.ts');
  const resources = createStoreResources();
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return await withAnySession(resources, signal, snapshot, (session) =>
      session.preflight(purpose),
    );
  } finally {
    await resources.close();
  }
}
