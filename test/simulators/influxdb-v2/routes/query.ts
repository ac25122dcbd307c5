import { sees } from '../access.ts';
import { type Columns, FIELD_SEPARATOR, mergeInto } from '../bytes/points.ts';
import { type Exchange, readBody, Refusal, send } from '../exchange.ts';
import { parseRfc3339, rfc3339 } from '../go-json.ts';
import { splitOutside } from '../line-protocol.ts';
import { organisationNamed } from './organisations.ts';

/** The two queries of test/support/influx.ts, which are all the Flux that the simulator knows. */
const QUERY =
  /^from\(bucket: "([^"]*)"\) \|> range\(start: (\S+), stop: (\S+)\) \|> (drop\(columns: \["_start", "_stop"\]\)|group\(columns: \["_measurement", "_field"\]\) \|> count\(\))$/;

export async function query(exchange: Exchange): Promise<void> {
  const { state, response } = exchange;
  const flux = await fluxOf(exchange);
  const [, name, start = '', stop = '', rest] = QUERY.exec(flux) ?? [];
  if (name === undefined) {
    throw new Refusal(
      'not implemented',
      'the simulator knows two Flux queries, and this is neither',
    );
  }
  const organisation = organisationNamed(state, exchange.url.searchParams.get('org') ?? '');
  const bucket = state.metadata.buckets.find(
    (one) => one.orgID === organisation.id && one.name === name,
  );
  if (!bucket || !sees(exchange, organisation.id)) {
    throw new Refusal(
      'not found',
      `failed to initialize execute state: could not find bucket "${name}"`,
    );
  }
  const columns: Columns = new Map();
  for (const id of bucket.groups.flatMap(({ shards }) => shards)) {
    const shard = state.shards.get(id);
    if (shard) mergeInto(columns, await shard.columns());
  }
  const seen = within(columns, parseRfc3339(start), parseRfc3339(stop));
  response.setHeader('Content-Type', 'text/csv; charset=utf-8');
  response.setHeader('Vary', 'Accept-Encoding');
  const tables = rest?.startsWith('drop') ? dump(seen) : count(seen, start, stop);
  send(response, 200, Buffer.from(tables));
}

async function fluxOf({ request }: Exchange): Promise<string> {
  const body = (await readBody(request)).toString();
  if (request.headers['content-type']?.startsWith('application/vnd.flux')) return body.trim();
  try {
    return String((JSON.parse(body) as { query?: unknown }).query).trim();
  } catch {
    throw new Refusal('invalid', 'failed to decode request body');
  }
}

function within(columns: Columns, start: bigint, stop: bigint): Columns {
  const seen: Columns = new Map();
  for (const [key, { type, points }] of columns) {
    const inside = [...points].filter(([time]) => time >= start && time < stop);
    if (inside.length > 0) seen.set(key, { type, points: new Map(inside) });
  }
  return seen;
}

function dump(columns: Columns): string {
  const lines = [...columns]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, { points }], table) => {
      const { measurement, field, tags } = parts(key);
      const labels = [field, measurement, ...tags.map(([, value]) => value)].map(csv);
      const heads = tags.map(([tag]) => tag);
      return [
        ['', 'result', 'table', '_time', '_value', '_field', '_measurement', ...heads].join(','),
        ...[...points]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([time, value]) =>
            ['', '_result', table, rfc3339(time), csv(String(value)), ...labels].join(','),
          ),
        '',
      ];
    });
  return lines.map((line) => `${line}\r\n`).join('');
}

function count(columns: Columns, start: string, stop: string): string {
  const counts = new Map<string, { measurement: string; field: string; count: number }>();
  for (const [key, { points }] of [...columns].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const { measurement, field } = parts(key);
    const group = counts.get(`${measurement}\0${field}`) ?? { measurement, field, count: 0 };
    group.count += points.size;
    counts.set(`${measurement}\0${field}`, group);
  }
  if (counts.size === 0) return '\r\n';
  const rows = [...counts.values()].map((group, table) =>
    ['', '_result', table, start, stop, group.count, csv(group.measurement), csv(group.field)].join(
      ',',
    ),
  );
  const head = ',result,table,_start,_stop,_value,_measurement,_field';
  return [head, ...rows, ''].map((line) => `${line}\r\n`).join('');
}

function parts(key: string) {
  const at = key.indexOf(FIELD_SEPARATOR);
  const [measurement = '', ...tags] = splitOutside(key.slice(0, at), ',');
  return {
    measurement,
    field: key.slice(at + FIELD_SEPARATOR.length),
    tags: tags.map((tag) => splitOutside(tag, '=') as [string, string]),
  };
}

function csv(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
