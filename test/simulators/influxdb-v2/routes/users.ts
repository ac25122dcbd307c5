import { type Exchange, Refusal, sendJson } from '../exchange.ts';
import type { ServerState } from '../state.ts';

export function userBody({ metadata }: ServerState) {
  const id = metadata.userID;
  return { links: { self: `/api/v2/users/${id}` }, id, name: 'admin', status: 'active' };
}

export function me(exchange: Exchange): void {
  const { state, caller } = exchange;
  if (!caller?.operator) {
    throw new Refusal('unauthorized', `read:users/${state.metadata.userID} is unauthorized`);
  }
  sendJson(exchange, 200, userBody(state));
}

export function listUsers(exchange: Exchange): void {
  sendJson(exchange, 200, {
    links: { self: '/api/v2/users' },
    users: exchange.caller?.operator ? [userBody(exchange.state)] : [],
  });
}
