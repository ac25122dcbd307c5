import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';
import { type Mapping, newId } from '../state.ts';
import { organisationNamed } from './organisations.ts';

/** Key order as the server prints it. */
function mappingBody(mapping: Mapping, virtual: boolean) {
  const { id, database, retention_policy, orgID, bucketID } = mapping;
  return { id, database, retention_policy, default: mapping.default, virtual, orgID, bucketID };
}

function orgIdOf(exchange: Exchange, body: { orgID?: string; org?: string } = {}): string {
  const { searchParams } = exchange.url;
  const id = body.orgID ?? searchParams.get('orgID');
  if (id !== null) return id;
  const name = body.org ?? searchParams.get('org');
  if (name !== null) return organisationNamed(exchange.state, name).id;
  throw new Refusal('invalid', "either 'org' or 'orgID' must be provided");
}

/** Beside the real mappings stands a virtual one per bucket: its own name as database. */
export function listMappings(exchange: Exchange): void {
  const { state, url } = exchange;
  const orgID = orgIdOf(exchange);
  const real = state.metadata.mappings.map((mapping) => mappingBody(mapping, false));
  const virtual = state.metadata.buckets
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ id, name, orgID: owner }) =>
      mappingBody(
        {
          id,
          database: name,
          retention_policy: 'autogen',
          default: true,
          orgID: owner,
          bucketID: id,
        },
        true,
      ),
    );
  const asked: [string, 'bucketID' | 'database' | 'retention_policy' | 'id'][] = [
    ['bucketID', 'bucketID'],
    ['db', 'database'],
    ['rp', 'retention_policy'],
    ['id', 'id'],
  ];
  const content = [...real, ...virtual].filter(
    (mapping) =>
      mapping.orgID === orgID &&
      asked.every(([name, key]) => (url.searchParams.get(name) ?? mapping[key]) === mapping[key]),
  );
  sendJson(exchange, 200, { content });
}

export async function createMapping(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const body = await readJson<Mapping & { org: string }>(exchange.request);
  const orgID = orgIdOf(exchange, body);
  const { bucketID = '', database = '', retention_policy = '' } = body;
  if (!state.bucket(bucketID)) throw new Refusal('not found', 'bucket not found');
  const same = state.metadata.mappings.filter(
    (mapping) => mapping.orgID === orgID && mapping.database === database,
  );
  if (same.some((mapping) => mapping.retention_policy === retention_policy)) {
    throw new Refusal('conflict', 'another DBRP mapping with same orgID, db, and rp exists');
  }
  const mapping: Mapping = {
    id: newId(),
    orgID,
    bucketID,
    database,
    retention_policy,
    default: body.default === true || same.length === 0,
  };
  if (mapping.default) for (const other of same) other.default = false;
  state.metadata.mappings.push(mapping);
  sendJson(exchange, 201, mappingBody(mapping, false));
}

/** The bucket of a mapping cannot be changed: such a wish is ignored. */
export async function updateMapping(exchange: Exchange): Promise<void> {
  const mapping = mappingOf(exchange);
  const body = await readJson<Mapping>(exchange.request);
  mapping.retention_policy = body.retention_policy ?? mapping.retention_policy;
  if (body.default === true) {
    for (const other of exchange.state.metadata.mappings) {
      if (other.database === mapping.database) other.default = other === mapping;
    }
  }
  sendJson(exchange, 200, { content: mappingBody(mapping, false) });
}

export function getMapping(exchange: Exchange): void {
  sendJson(exchange, 200, { content: mappingBody(mappingOf(exchange), false) });
}

export function deleteMapping(exchange: Exchange): void {
  const { metadata } = exchange.state;
  const gone = mappingOf(exchange);
  metadata.mappings = metadata.mappings.filter((mapping) => mapping !== gone);
  sendNothing(exchange.response);
}

function mappingOf(exchange: Exchange): Mapping {
  const orgID = orgIdOf(exchange);
  const mapping = exchange.state.metadata.mappings.find(
    (one) => one.id === exchange.parts[0] && one.orgID === orgID,
  );
  if (!mapping) throw new Refusal('not found', 'unable to find DBRP');
  return mapping;
}
