import { type Exchange, readJson, Refusal, send, sendJson } from '../exchange.ts';
import { rfc3339 } from '../go-json.ts';
import { organisationBody } from './organisations.ts';
import { bucketBody } from './buckets.ts';
import { authorisationBody } from './authorisations.ts';
import { userBody } from './users.ts';

export function health({ response, profile }: Exchange): void {
  const body = `{"name":"influxdb", "message":"ready for queries and writes", "status":"pass", "checks":[], "version": "${profile.health}", "commit": "none"}`;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  send(response, 200, Buffer.from(`${body}\n`));
}

export function ready({ response, state }: Exchange): void {
  const started = rfc3339(BigInt(state.startedAt.getTime()) * 1_000_000n);
  const up = `${(Date.now() - state.startedAt.getTime()) / 1000}s`;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  const body = JSON.stringify({ status: 'ready', started, up }, null, 4);
  send(response, 200, Buffer.from(`${body}\n`));
}

export function mayBeSetUp(exchange: Exchange): void {
  sendJson(exchange, 200, { allowed: exchange.state.metadata.organisations.length === 0 });
}

export interface Setup {
  org: string;
  bucket: string;
  token: string;
  retentionPeriodSeconds?: number;
}

export async function setUp(exchange: Exchange): Promise<void> {
  const { state, profile } = exchange;
  if (state.metadata.organisations.length > 0) {
    throw new Refusal('conflict', 'onboarding has already been completed');
  }
  const setup = await readJson<Setup>(exchange.request);
  const { org = '', bucket = '', token = '', retentionPeriodSeconds = 0 } = setup;
  const organisation = state.addOrganisation(org);
  const created = state.addBucket(organisation.id, bucket, retentionPeriodSeconds, 0);
  const caller = state.addAuthorisation(token, organisation.id, true, !profile.hashedTokens);
  sendJson(exchange, 201, {
    user: userBody(state),
    bucket: bucketBody(created),
    org: organisationBody(organisation),
    auth: { ...authorisationBody(caller, state), token },
  });
}
