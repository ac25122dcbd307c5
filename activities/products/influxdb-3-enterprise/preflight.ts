import type { Preflight } from '../../../workflows/contract/activities.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import { words } from './answer.ts';
import { BackupApi } from './backup-api.ts';
import type { Tried } from './client.ts';
import { isSafeName } from './names.ts';
import { pause } from '../../pause.ts';
import { stateOf, type BackupRecord } from './records.ts';
import type { Session } from './session.ts';
import { hasNoBackups, isAdditive, readVersion, type Version } from './version.ts';

/** Reachable, the right program, a node that takes backups, and the object store where it puts them. */
export async function preflight(
  session: Session,
  purpose: 'backup' | 'restore',
): Promise<Preflight> {
  const backups = await findEngine(session, await readVersion(session.client));
  // Now it is that of the node that backs up and restores.
  const version = await readVersion(session.client);
  const warnings: Warning[] = await checkStorage(session, backups);
  if (version.number === undefined) {
    warnings.push({
      code: 'VERSION_UNKNOWN',
      message: `The server calls its version "${version.text}"; it is treated as a new InfluxDB 3 Enterprise.`,
    });
  }
  if (purpose === 'backup' && isAdditive(version)) {
    warnings.push({
      code: 'VERSION_DEFECT',
      message: `A restore into InfluxDB 3 Enterprise ${version.text} only adds what is missing, needs a restart of the nodes, and cannot be proven; 3.11 goes back to the backup.`,
    });
  }
  return { version: version.text, identity: session.client.pin.uuid, warnings };
}

/**
 * Whether any node takes backups is seen by asking, never by the version. A node that starts says 503 for a while, and
 * one that does not compact says it for ever: after a bounded wait it is a mistake of the configuration.
 */
async function findEngine(session: Session, version: Version): Promise<BackupRecord[]> {
  const { client, patienceMs } = session;
  const deadline = Date.now() + patienceMs;
  let tried: Tried;
  for (;;) {
    tried = await client.tryAll('engine', BackupApi.list, 1);
    if ('answer' in tried) return BackupApi.readList(tried.answer);
    const starting = tried.failure ?? tried.absent.some(({ status }) => status === 503);
    if (!starting || Date.now() >= deadline) break;
    await pause(Math.min(1_000, patienceMs / 4), client.signal);
  }
  // The one that compacts may be among those that do not answer.
  if (tried.failure) throw tried.failure;
  if (hasNoBackups(version)) {
    throw new HoldfastError(
      'VERSION_UNSUPPORTED',
      `${client.server} is version ${version.text}, which takes no backups; 3.10.0 is the first that does.`,
    );
  }
  const said = tried.absent.map((one) => `${one.server.split(' ').at(-1)} says ${words(one)}`);
  throw new HoldfastError(
    'WRONG_SERVER',
    `${client.server}: no node there takes backups: ${said.join('; ')}.`,
    {
      hint: 'Name a node that compacts (`--mode compact` or `all`), with the upgraded storage engine.',
    },
  );
}

/** Newest first. */
const LOOKED_AT = 3;

/**
 * That none of its backups is in the store may mean that it is not the cluster's, or that what a restore put back there
 * was removed and the server has not looked since: only the next backup tells which.
 */
async function checkStorage(
  { client, storage, connection }: Session,
  backups: BackupRecord[],
): Promise<Warning[]> {
  const { clusterId } = connection;
  const { signal } = client;
  const whole = backups
    .filter((one) => stateOf(one) === 'succeeded' && (one.total_files ?? 0) > 0)
    .filter(({ name }) => isSafeName(name))
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
    .slice(0, LOOKED_AT);
  const root = `${clusterId}/backups/`;
  if (whole.length === 0) {
    await storage.list(root, { signal })[Symbol.asyncIterator]().next();
    return [];
  }
  for (const { name } of whole) {
    const objects = storage.list(`${root}${name}/`, { signal })[Symbol.asyncIterator]();
    if (!(await objects.next()).done) return [];
  }
  return [
    {
      code: 'STORAGE_DOUBTFUL',
      message:
        `The cluster lists a backup ${whole[0]?.name}, and ${storage.place} has nothing below ${root}${whole[0]?.name}/. ` +
        'Either a restore put it back and removed it again, which a server may see only when it starts; or `connection.storage` is not its object store, or `connection.clusterId` not its id.',
    },
  ];
}
