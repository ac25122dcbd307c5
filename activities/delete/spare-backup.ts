import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withStore } from '../workspace.ts';
import { takeBack } from './take-back.ts';

export function spareBackup(deps: Dependencies): Activities['spareBackup'] {
  return (job) =>
    attempt(deps, (at) => withStore(deps, job.snapshot, (store) => takeBack(store, job, at)));
}
