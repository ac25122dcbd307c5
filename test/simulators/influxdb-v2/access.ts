import { type Exchange, Refusal } from './exchange.ts';
import { hashOf } from './state.ts';

/** `Token x` and `Bearer x` alike. */
export function identify({ request, state }: Exchange) {
  const token = /^(?:Token|Bearer) (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const hash = hashOf(token ?? '');
  const caller = state.metadata.authorisations.find((authorisation) => authorisation.hash === hash);
  if (!caller) throw new Refusal('unauthorized', 'unauthorized access');
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
