import { createHash } from 'node:crypto';

/** Where an InfluxDB v2 answers, real or simulated. */
export interface InfluxAddress {
  url: string;
  token: string;
  org: string;
}

export interface InfluxAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** Throws when it is not JSON. */
  json(): unknown;
}

/** One request as a test makes it: whatever the status, the answer is returned. */
export async function callInflux(
  { url, token }: Pick<InfluxAddress, 'url' | 'token'>,
  method: string,
  path: string,
  body?: object | string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<InfluxAnswer> {
  const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Token ${token}`, 'accept-encoding': 'identity', ...headers },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status } = response;
  return { status, headers: response.headers, text, json: () => JSON.parse(text) as unknown };
}

/** Writes line protocol with times in seconds, at most a megabyte at a time. */
export async function writeLines(
  server: InfluxAddress,
  bucket: string,
  lines: string[],
): Promise<void> {
  const asked = new URLSearchParams({ org: server.org, bucket, precision: 's' }).toString();
  for (let at = 0; at < lines.length; at += 10_000) {
    const body = lines.slice(at, at + 10_000).join('\n');
    expectStatus(await callInflux(server, 'POST', `/api/v2/write?${asked}`, body), 204);
  }
}

/** Removes points by the server's own delete: `predicate` like `host="b"`. */
export async function deletePoints(
  server: InfluxAddress,
  bucket: string,
  predicate: string,
  [start, stop]: [string, string] = EVER,
): Promise<void> {
  const asked = new URLSearchParams({ org: server.org, bucket }).toString();
  const body = { start, stop, predicate };
  expectStatus(await callInflux(server, 'POST', `/api/v2/delete?${asked}`, body), 204);
}

export interface CreatedBucket {
  id: string;
  name: string;
  orgID: string;
}

export async function createBucket(
  server: InfluxAddress,
  name: string,
  options: { retentionSeconds?: number; groupSeconds?: number; description?: string } = {},
): Promise<CreatedBucket> {
  const { retentionSeconds = 0, groupSeconds = 3600, description } = options;
  const orgID = await organisationId(server, server.org);
  const rule = { type: 'expire', everySeconds: retentionSeconds };
  const answer = await callInflux(server, 'POST', '/api/v2/buckets', {
    orgID,
    name,
    description,
    retentionRules: [{ ...rule, shardGroupDurationSeconds: groupSeconds }],
  });
  expectStatus(answer, 201);
  return answer.json() as CreatedBucket;
}

export async function createOrganisation(server: InfluxAddress, name: string): Promise<string> {
  const answer = await callInflux(server, 'POST', '/api/v2/orgs', { name });
  expectStatus(answer, 201);
  return (answer.json() as { id: string }).id;
}

export async function organisationId(server: InfluxAddress, name: string): Promise<string> {
  const answer = await callInflux(server, 'GET', `/api/v2/orgs?org=${encodeURIComponent(name)}`);
  expectStatus(answer, 200);
  const [found] = (answer.json() as { orgs: { id: string }[] }).orgs;
  if (!found) throw new Error(`There is no organisation ${name}.`);
  return found.id;
}

export interface SeenBucket extends CreatedBucket {
  description?: string;
  retentionRules: { everySeconds: number }[];
}

/** The buckets that people made, by name. */
export async function bucketsOf(server: InfluxAddress): Promise<SeenBucket[]> {
  const orgID = await organisationId(server, server.org);
  const answer = await callInflux(server, 'GET', `/api/v2/buckets?limit=100&orgID=${orgID}`);
  expectStatus(answer, 200);
  const { buckets } = answer.json() as { buckets: SeenBucket[] };
  return buckets.filter(({ name }) => !name.startsWith('_'));
}

const EVER: [string, string] = ['1970-01-01T00:00:00Z', '2100-01-01T00:00:00Z'];
const range = `range(start: ${EVER[0]}, stop: ${EVER[1]})`;

/** The number of points of every measurement and field: `{ 'cpu load': 600 }`. */
export async function countPoints(
  server: InfluxAddress,
  bucket: string,
): Promise<Record<string, number>> {
  const rows = await query(
    server,
    `from(bucket: "${bucket}") |> ${range} |> group(columns: ["_measurement", "_field"]) |> count()`,
  );
  return Object.fromEntries(
    rows.map((row) => [`${row['_measurement']} ${row['_field']}`, Number(row['_value'])]),
  );
}

/**
 * Every point of a bucket in few words: how many there are, and a hash of all series, fields, times and values. Equal
 * for buckets that answer every query alike.
 */
export async function contentsOf(
  server: InfluxAddress,
  bucket: string,
): Promise<{ points: number; sha256: string }> {
  const rows = await query(
    server,
    `from(bucket: "${bucket}") |> ${range} |> drop(columns: ["_start", "_stop"])`,
  );
  const lines = rows.map((row) =>
    Object.entries(row)
      .filter(([name]) => name !== 'table')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  );
  const sha256 = createHash('sha256')
    .update(lines.toSorted((a, b) => (a < b ? -1 : 1)).join('\n'))
    .digest('hex');
  return { points: lines.length, sha256 };
}

async function query(server: InfluxAddress, flux: string): Promise<Record<string, string>[]> {
  const path = `/api/v2/query?org=${encodeURIComponent(server.org)}`;
  const headers = { 'content-type': 'application/vnd.flux', accept: 'application/csv' };
  const answer = await callInflux(server, 'POST', path, flux, headers);
  expectStatus(answer, 200);
  return parseTables(answer.text);
}

/** Annotated CSV without annotations: tables that each begin with a line of names, and blank lines between. */
function parseTables(csv: string): Record<string, string>[] {
  let names: string[] = [];
  const rows: Record<string, string>[] = [];
  for (const line of csv.split('\r\n')) {
    const cells = parseCells(line);
    if (cells[1] === 'result') names = cells;
    else if (cells.length === names.length && cells.length > 1) {
      rows.push(Object.fromEntries(names.slice(2).map((name, i) => [name, cells[i + 2] ?? ''])));
    }
  }
  return rows;
}

function parseCells(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain = '', end] of line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/g)) {
    cells.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '') break;
  }
  return cells;
}

function expectStatus(answer: InfluxAnswer, status: number): void {
  if (answer.status === status) return;
  throw new Error(`InfluxDB answered ${answer.status} instead of ${status}: ${answer.text}`);
}
