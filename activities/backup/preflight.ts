import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withAnySession } from '../workspace.ts';

export function preflight(deps: Dependencies): Activities['preflight'] {
  return ({ snapshot, purpose, source }) =>
    attempt(deps, (at) =>
      withAnySession(
        deps.stores,
        at.signal,
        snapshot,
        (session) => session.preflight(purpose),
        source,
      ),
    );
}
