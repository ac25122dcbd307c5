import { sees } from '../access.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';
import type { Organisation, ServerState } from '../state.ts';

export function organisationBody({ id, name, description, createdAt, updatedAt }: Organisation) {
  const query = new URLSearchParams({ org: name }).toString();
  const links = {
    buckets: `/api/v2/buckets?${query}`,
    dashboards: `/api/v2/dashboards?${query}`,
    labels: `/api/v2/orgs/${id}/labels`,
    logs: `/api/v2/orgs/${id}/logs`,
    members: `/api/v2/orgs/${id}/members`,
    owners: `/api/v2/orgs/${id}/owners`,
    secrets: `/api/v2/orgs/${id}/secrets`,
    self: `/api/v2/orgs/${id}`,
    tasks: `/api/v2/tasks?${query}`,
  };
  return { links, id, name, description, createdAt, updatedAt };
}

export function organisationNamed(state: ServerState, name: string): Organisation {
  const found = state.organisation((organisation) => organisation.name === name);
  if (!found) throw new Refusal('not found', `organization name "${name}" not found`);
  return found;
}

export function listOrganisations(exchange: Exchange): void {
  const { state, url } = exchange;
  const name = url.searchParams.get('org');
  const id = url.searchParams.get('orgID');
  const offset = Number(url.searchParams.get('offset') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? 20);
  const found =
    name === null
      ? state.metadata.organisations.filter((one) => id === null || one.id === id)
      : [organisationNamed(state, name)];
  const visible = found
    .filter((organisation) => sees(exchange, organisation.id))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .slice(offset, offset + limit);
  sendJson(exchange, 200, {
    links: { self: '/api/v2/orgs' },
    orgs: visible.map(organisationBody),
  });
}

export async function createOrganisation(exchange: Exchange): Promise<void> {
  const { name = '', description } = await readJson<Organisation>(exchange.request);
  if (!exchange.caller?.operator) throw new Refusal('unauthorized', 'write:orgs is unauthorized');
  if (exchange.state.organisation((organisation) => organisation.name === name)) {
    throw new Refusal('conflict', `organization with name ${name} already exists`);
  }
  sendJson(exchange, 201, organisationBody(exchange.state.addOrganisation(name, description)));
}

export function getOrganisation(exchange: Exchange): void {
  const found = exchange.state.organisation(({ id }) => id === exchange.parts[0]);
  if (!found) throw new Refusal('not found', 'organization not found');
  sendJson(exchange, 200, organisationBody(found));
}

export async function deleteOrganisation(exchange: Exchange): Promise<void> {
  const { metadata } = exchange.state;
  const id = exchange.parts[0];
  if (!exchange.state.organisation((organisation) => organisation.id === id)) {
    const message = `error deleting organization id: ${id}: organization not found`;
    throw new Refusal('not found', message);
  }
  for (const bucket of metadata.buckets.filter(({ orgID }) => orgID === id)) {
    await exchange.state.removeBucket(bucket);
  }
  metadata.organisations = metadata.organisations.filter((organisation) => organisation.id !== id);
  sendNothing(exchange.response);
}
