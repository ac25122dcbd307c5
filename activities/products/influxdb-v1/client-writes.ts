import { quoted, type InfluxV1Client } from './client.ts';

/** Since when the server counts what is written; undefined when it does not say. */
export async function countingSince(client: InfluxV1Client): Promise<string | undefined> {
  const [rows = []] = await client.query(
    [`SHOW DIAGNOSTICS FOR 'system'`],
    'asking since when it runs',
  );
  const started = rows[0]?.['started'];
  return typeof started === 'string' ? started : undefined;
}

/** Points that were written into a database since the server was started. What is uploaded by shards is not among them. */
export async function pointsWritten(database: string, client: InfluxV1Client): Promise<number> {
  const [rows = []] = await client.query(
    [`SHOW STATS FOR 'shard'`],
    `asking what was written into ${database}`,
  );
  return rows
    .filter(({ tags }) => (tags as { database?: unknown } | undefined)?.database === database)
    .reduce((sum, { writePointsOk }) => sum + Number(writePointsOk ?? 0), 0);
}

export async function holdsAnything(database: string, client: InfluxV1Client): Promise<boolean> {
  const [rows = []] = await client.query(
    [`SHOW MEASUREMENTS ON ${quoted(database)} LIMIT 1`],
    `looking into database ${database}`,
  );
  return rows.length > 0;
}

export interface KnownOfWrites {
  /** Since when the server counted when the restore was planned; absent in the plan of an older version. */
  since: string | undefined;
  /** Whether the restore may have uploaded anything. */
  uploaded: boolean;
}

/**
 * Why a database that a restore created must not be dropped: clients know its name from the beginning, and what they wrote
 * into it is nowhere else.
 * @returns part of a sentence; undefined when nobody has written
 */
export async function writtenByClients(
  database: string,
  { since, uploaded }: KnownOfWrites,
  client: InfluxV1Client,
): Promise<string | undefined> {
  if (!(await holdsAnything(database, client))) return undefined;
  const written = await pointsWritten(database, client);
  if (written > 0) {
    return `clients have written ${written} ${written === 1 ? 'point' : 'points'} into it meanwhile`;
  }
  if (!uploaded) return 'clients have written into it meanwhile';
  if (since === undefined || (await countingSince(client)) === since) return undefined;
  return 'the server was started anew meanwhile, so nobody knows whether clients have written into it';
}

/**
 * The same of a database whose restore did not come to its end, and whose plan nobody has: the server must have counted
 * since before it began.
 * @param begun undefined when nobody knows any more
 */
export async function perhapsWrittenByClients(
  database: string,
  begun: Date | undefined,
  client: InfluxV1Client,
): Promise<string | undefined> {
  const written = await writtenByClients(database, { since: undefined, uploaded: true }, client);
  if (written !== undefined || !(await holdsAnything(database, client))) return written;
  const unknown = 'nobody can tell whether clients have written into it, since';
  if (begun === undefined) return `${unknown} Temporal does not know any more when it began`;
  const started = Date.parse((await countingSince(client)) ?? '');
  if (started <= begun.getTime()) return undefined;
  return `${unknown} the server was started later than it, or does not say when`;
}
