import type { Activities } from '../workflows/contract/activities.ts';
import { attempt } from './attempt.ts';
import type { Dependencies } from './dependencies.ts';
import { withSession } from './workspace.ts';

export function preflight(deps: Dependencies): Activities['preflight'] {
  return ({ snapshot, purpose }) =>
    attempt(deps, (at) => withSession(at, snapshot, (session) => session.preflight(purpose)));
}
