import { type Exchange, Refusal } from './exchange.ts';
import { hashOf } from './state.ts';
import { strikes } from './switches.ts';

/** `Token x` and `Bearer x` alike. */
export function identify({ request, state, switches }: Exchange) {
  const token = /^(?:Token|Bearer) (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const caller = state.metadata.authorisations.find(
    (one) => one.token === token || one.hashedToken === hashOf(token),
  );
  if (!caller || strikes(switches, 'tokenRevoked'))
    throw new Refusal('unauthorized', 'unauthorized access');
  return caller;
}

/** Backup and restore need every permission there is; the first that is missing is named. */
export function demandOperator({ caller }: Exchange): void {
  if (!caller?.operator) throw new Refusal('unauthorized', 'read:authorizations is unauthorized');
}

/** A token of one organisation sees that organisation. */
export function sees({ caller }: Exchange, orgID: string): boolean {
  return caller?.operator === true || caller?.orgID === orgID;
}
