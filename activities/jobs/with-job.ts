import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import type { DelegatedSession, PreviousBackup } from '../products/delegated.ts';
import { findDelegated } from '../products/registry.ts';
import type { Store } from '../stores/store.ts';
import { withDelegated } from '../workspace.ts';
import type { JobRecord } from './job-record.ts';

/** Works with the database that was asked for a job, and with no other to which its address may lead by now. */
export function withJob<T>(
  deps: Pick<Dependencies, 'stores'>,
  at: Pick<Attempt, 'signal'>,
  snapshot: TargetSnapshot,
  { observed }: Pick<JobRecord, 'observed'>,
  body: (session: DelegatedSession, storage: Store) => Promise<T>,
  previous?: PreviousBackup,
): Promise<T> {
  const identity = findDelegated(snapshot.product).identity?.(observed);
  return withDelegated(deps, at, snapshot, body, { previous, identity });
}
