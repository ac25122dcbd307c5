import type { Activities, RestoreJob } from '../../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../../attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import { eachBounded } from '../../each-bounded.ts';
import { HoldfastError } from '../../failure.ts';
import { keepingLease } from '../../lease.ts';
import type { BackupReader, RestoreStep } from '../../products/product.ts';
import type { Store } from '../../stores/store.ts';
import { streamsPerPage } from '../../streams-per-page.ts';
import { withStorage, withStore } from '../../workspace.ts';
import { backupReader } from '../backup-reader.ts';
import { readSteps } from '../restore-in-store.ts';
import { sameBytes } from './same-bytes.ts';

export function stagePage(deps: Dependencies): Activities['stagePage'] {
  return ({ job, page }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const steps = await readSteps(store, job, page, at.signal);
        const backup = await backupReader(store, job, at.signal);
        await keepingLease(store, job, 'restore', at.signal, () =>
          withStorage(deps, job.destination, (storage) =>
            withStorage(deps, job.snapshot, (source) =>
              eachBounded(steps, streamsPerPage(job.destination), async (step) => {
                await putBack(at, job, step, { backup, storage, source });
                at.figures.artifacts += 1;
                at.figures.bytes += Number(step.key['bytes']);
              }),
            ),
          ),
        );
        return { ...at.figures };
      }),
    );
}

/** What lies there is either an earlier attempt's work or not as the product wrote it. */
async function putBack(
  at: Attempt,
  job: RestoreJob,
  step: RestoreStep,
  { backup, storage, source }: { backup: BackupReader; storage: Store; source: Store },
): Promise<void> {
  const key = String(step.key['key']);
  const { signal } = at;
  const bytes = () =>
    step.lines.length > 0 ? backup.open(step.lines) : source.read(key, { signal });
  const there = await storage.head(key, { signal });
  if (there) {
    const good =
      there.bytes === step.key['bytes'] && (await sameBytes(bytes(), storage, key, signal));
    if (good) return;
    await storage.remove([key], { signal });
  }
  try {
    await storage.create(key, bytes(), { signal, bytes: Number(step.key['bytes']) });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'OBJECT_EXISTS') throw error;
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `${key} appeared in ${storage.place} while backup ${job.backup} was put back there: another writes there too.`,
    );
  }
}
