import type { Preflight } from '../../../workflows/contract/activities.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import { parseMetadata } from '../../pipeline/influxdb-portable/metadata.ts';
import { fieldsOf } from '../../pipeline/influxdb-portable/protobuf.ts';
import { toSourceFailure } from '../../pipeline/inspected.ts';
import type { InfluxV1Client } from './client.ts';
import { databaseNames } from './databases.ts';
import { downloadMetadata } from './snapshot-protocol.ts';

/** Reachable by both of its ports, the right program, a version that can do it, and a user who may. */
export async function preflight(client: InfluxV1Client): Promise<Preflight> {
  const version = await client.version();
  refuseUnsupported(version, client.server);
  // Only an administrator may ask for this, and it changes nothing.
  await client.query(['SHOW USERS'], 'checking the rights of the user');
  const metadata = await readMetadata(client);
  try {
    await requireSameServer(client, metadata);
    return { version, identity: identityOf(metadata), warnings: knownDefects(version) };
  } catch (error) {
    throw error instanceof FormatFault ? toSourceFailure(error, client.server) : error;
  }
}

async function readMetadata(client: InfluxV1Client): Promise<Buffer> {
  try {
    return await downloadMetadata(client.snapshots);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'TARGET_UNREACHABLE') throw error;
    throw new HoldfastError(error.code, error.message, {
      cause: error,
      hint: 'Set `bind-address` at the top of the settings of InfluxDB to an address that this host reaches (its default is 127.0.0.1:8088), and `connection.snapshot` to the same.',
    });
  }
}

/** Both ports must be of one server: a restore creates by one and proves by the other. */
async function requireSameServer(client: InfluxV1Client, metadata: Buffer): Promise<void> {
  const there = await databaseNames(client);
  const known = new Set(parseMetadata(metadata).databases.map(({ name }) => name));
  if (there.length === known.size && there.every((name) => known.has(name))) return;
  const { host, port } = client.snapshots;
  throw new HoldfastError(
    'WRONG_SERVER',
    `${client.server} has other databases than the server that answers at ${host}:${port} (connection.snapshot).`,
  );
}

/** The id of the cluster, which a server gives itself when it first starts. */
function identityOf(metadata: Buffer): string {
  for (const { number, value } of fieldsOf(metadata)) {
    if (number === 3 && typeof value === 'bigint') return value.toString(16).padStart(16, '0');
  }
  return '';
}

function refuseUnsupported(version: string, server: string): void {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return;
  if (major !== '1') {
    throw new HoldfastError('WRONG_SERVER', `${server} is InfluxDB ${version}, not InfluxDB 1.`);
  }
  if (Number(minor) >= 5) return;
  throw new HoldfastError(
    'VERSION_UNSUPPORTED',
    `${server} is InfluxDB ${version}; portable backups exist since 1.5.`,
  );
}

function knownDefects(version: string): Warning[] {
  const [, minor = 0, patch = 0] = (/^1\.(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (minor > 8 || (minor === 8 && patch >= 10)) return [];
  return [
    {
      code: 'VERSION_DEFECT',
      message: `InfluxDB ${version} may take in only the beginning of long metadata: a database with thousands of shard groups can be refused. 1.8.10 mended it.`,
    },
  ];
}
