import { sees } from '../access.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';
import { type Authorisation, newId, type ServerState } from '../state.ts';

const RESOURCES = [
  'authorizations buckets dashboards orgs sources tasks telegrafs users variables scrapers secrets labels views',
  'documents notificationRules notificationEndpoints checks dbrp notebooks annotations remotes replications',
].flatMap((line) => line.split(' '));

export function authorisationBody(authorisation: Authorisation, state: ServerState) {
  const { id, orgID, operator, token = '', description } = authorisation;
  const org = state.organisation((organisation) => organisation.id === orgID)?.name;
  const { userID } = state.metadata;
  return {
    id,
    token,
    status: 'active',
    description,
    orgID,
    org,
    userID,
    user: 'admin',
    permissions: RESOURCES.flatMap((type) =>
      ['read', 'write'].map((action) => ({
        action,
        resource: operator ? { type } : { type, orgID, org },
      })),
    ),
    links: { self: `/api/v2/authorizations/${id}`, user: `/api/v2/users/${userID}` },
  };
}

export function listAuthorisations(exchange: Exchange): void {
  const orgID = exchange.url.searchParams.get('orgID');
  sendJson(exchange, 200, {
    links: { self: '/api/v2/authorizations' },
    authorizations: exchange.state.metadata.authorisations
      .filter((one) => sees(exchange, one.orgID) && (orgID === null || one.orgID === orgID))
      .map((authorisation) => authorisationBody(authorisation, exchange.state)),
  });
}

/** Whatever is asked for, the new token has every permission of its organisation. */
export async function createAuthorisation(exchange: Exchange): Promise<void> {
  const { orgID = '', description = '' } = await readJson<Authorisation>(exchange.request);
  const token = `${newId()}${newId()}${newId()}${newId()}==`;
  const { state, profile } = exchange;
  const created = state.addAuthorisation(token, orgID, false, !profile.hashedTokens);
  created.description = description;
  sendJson(exchange, 201, { ...authorisationBody(created, state), token });
}

export function deleteAuthorisation(exchange: Exchange): void {
  const { metadata } = exchange.state;
  const id = exchange.parts[0];
  if (!metadata.authorisations.some((authorisation) => authorisation.id === id)) {
    throw new Refusal('not found', 'authorization not found');
  }
  metadata.authorisations = metadata.authorisations.filter(
    (authorisation) => authorisation.id !== id,
  );
  sendNothing(exchange.response);
}

/** Tokens of v1 clients are not simulated: there are none. */
export function listLegacyAuthorisations(exchange: Exchange): void {
  sendJson(exchange, 200, {
    links: { self: '/private/legacy/authorizations' },
    authorizations: [],
  });
}
