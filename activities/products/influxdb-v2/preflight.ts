import type { Preflight } from '../../../workflows/contract/activities.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { Secret } from '../../secrets.ts';
import type { BucketFilter } from './buckets.ts';
import type { InfluxClient } from './client.ts';
import { readComplaint, refusal } from './failures.ts';
import { isAtLeast, readHealth, type Version } from './health.ts';
import { orNotSetUp } from './not-set-up.ts';
import { Resources } from './resources.ts';
import { missingFromSelection } from './selection.ts';

/** Reachable, the right program, a version that can do it, and a token that may. */
export async function preflight(
  client: InfluxClient,
  token: () => Promise<Secret>,
  purpose: 'backup' | 'restore',
  select?: BucketFilter,
): Promise<Preflight> {
  const version = await readHealth(client);
  refuseUnsupported(version, client.server);
  await requireOperator(client, await token());
  const resources = new Resources(client, token);
  const identity = await resources.firstUser();
  const missing =
    purpose === 'backup' && select ? await missingFromSelection(resources, select) : [];
  return {
    version: version.text,
    identity,
    warnings: [...knownDefects(version, purpose), ...missing],
  };
}

/** The server never makes it. */
const NO_SHARD = '9223372036854775807';

/**
 * Finds out whether a proxy lets the longest upload pass, while nothing is destroyed: it judges by the announced length,
 * and the server itself answers that it does not have the shard.
 * @throws TARGET_REFUSED
 */
export async function requireLongUploads(
  client: InfluxClient,
  token: Secret,
  bytes: number,
): Promise<void> {
  const status = await client.announce(`/api/v2/restore/shards/${NO_SHARD}`, token, bytes);
  if (status !== 413) return;
  const operation = `announcing an upload of ${bytes} bytes`;
  throw refusal({ status, code: '', message: '' }, client.server, operation);
}

/**
 * Proves that a token has an operator's rights, without touching anything: the server checks them before it looks for
 * the shard, and this shard cannot exist.
 * @throws AUTH_REJECTED for a token that the server does not know, PERMISSION_MISSING for a lesser one
 */
export async function requireOperator(client: InfluxClient, token: Secret): Promise<void> {
  const operation = 'checking the rights of the token';
  const response = await client
    .send({
      method: 'GET',
      path: `/api/v2/backup/shards/${NO_SHARD}`,
      operation,
      token,
      accept: [404],
    })
    .catch(async (error: unknown) => {
      throw await orNotSetUp(client, error);
    });
  if (response.status !== 404) return response.discard();
  const complaint = await readComplaint(response);
  if (!complaint.message.startsWith('shard ')) throw refusal(complaint, client.server, operation);
}

function refuseUnsupported(version: Version, server: string): void {
  const major = version.number?.[0] ?? 2;
  if (major !== 2) {
    throw new HoldfastError(
      'WRONG_SERVER',
      `${server} is InfluxDB ${version.text}, not InfluxDB v2.`,
    );
  }
  if (!isAtLeast(version, 2, 5, 0)) {
    throw new HoldfastError(
      'VERSION_UNSUPPORTED',
      `${server} is InfluxDB ${version.text}; before 2.5.0 the metadata of a backup names only the first 20 buckets, and the rest would be lost without a word.`,
    );
  }
}

function knownDefects(version: Version, purpose: 'backup' | 'restore'): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  if (version.number === undefined) {
    warn(
      'VERSION_UNKNOWN',
      `The server calls its version "${version.text}"; it is treated as a new InfluxDB v2.`,
    );
  }
  if (purpose === 'restore' && !isAtLeast(version, 2, 7, 12)) {
    warn(
      'VERSION_DEFECT',
      `InfluxDB ${version.text} can crash when points are written into the time of a restored shard group that is empty; Holdfast restores no such groups, but a full restore takes over those that the source already had. 2.7.12 mended it.`,
    );
  }
  if (purpose === 'backup' && !isAtLeast(version, 2, 9, 0)) {
    warn(
      'VERSION_DEFECT',
      `InfluxDB ${version.text} keeps tokens in plain text, and may break off the metadata of a backup when a bucket is damaged; 2.9.0 mended both.`,
    );
  }
  return warnings;
}
