import type { Activities } from '../../../workflows/contract/activities.ts';
import { attempt } from '../../attempt/attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import { eachBounded } from '../../each-bounded.ts';
import { keepingLease } from '../../locks/lease.ts';
import { streamsPerPage } from '../../paging/streams-per-page.ts';
import { throttleOf, withStorage, withStore } from '../../workspace.ts';
import { backupReader } from '../backup-reader.ts';
import { keepingDamage } from '../keeping-damage.ts';
import { readSteps } from '../restore-in-store.ts';
import { putBack } from './put-back.ts';

export function stagePage(deps: Dependencies): Activities['stagePage'] {
  return ({ job, page, streams }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const steps = await readSteps(store, job, page, at.signal);
        const backup = await backupReader(store, job, at.signal);
        const throttle = throttleOf(job.destination);
        const stage = () =>
          withStorage(deps, job.destination, (storage) =>
            withStorage(deps, job.snapshot, (source) =>
              eachBounded(steps, streamsPerPage(job.destination, streams), async (step) => {
                const key = String(step.key['key']);
                await putBack(storage, {
                  backup: job.backup,
                  key,
                  bytes: Number(step.key['bytes']),
                  open: () =>
                    step.lines.length > 0
                      ? backup.open(step.lines)
                      : source.read(key, { signal: at.signal }),
                  throttle,
                  signal: at.signal,
                });
                at.figures.artifacts += 1;
                at.figures.bytes += Number(step.key['bytes']);
              }),
            ),
          );
        await keepingLease(store, job, 'restore', at.signal, () =>
          keepingDamage(store, job, backup, at.signal, stage),
        );
        return { ...at.figures };
      }),
    );
}
