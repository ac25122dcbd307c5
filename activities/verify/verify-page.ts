import type { Activities, VerifyJob, VerifyTotals } from '../../workflows/contract/activities.ts';
import type { Finding } from '../../workflows/contract/operations.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { eachBounded } from '../each-bounded.ts';
import { keepingLease } from '../locks/lease.ts';
import { openerOfQueue } from '../opener-of-queue.ts';
import type { Opener } from '../pipeline/age/opener.ts';
import { checkArtifact } from '../pipeline/check-artifact.ts';
import type { Store } from '../stores/store.ts';
import { streamsPerPage } from '../paging/streams-per-page.ts';
import { withStorage, withStore } from '../workspace.ts';
import { checkProductObject } from './check-product-object.ts';
import { checkQuick } from './check-quick.ts';
import { keysFound, noteDamaged } from './damaged-objects.ts';
import { onlyHashed } from './only-hashed.ts';
import { bytesOf, countOf, readVerifyPage, type VerifyItem } from './verify-pages.ts';

const NAMED_FINDINGS = 100;

export function verifyPage(deps: Dependencies): Activities['verifyPage'] {
  return ({ job, page, streams }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const items = await readVerifyPage(store, job, page, at.signal);
        const opener =
          job.depth === 'deep' ? await openerOfQueue(job.snapshot, 'planned') : undefined;
        const found: Found = { damaged: [], forOthers: 0 };
        const places = { job, store, streams, opener, found };
        const totals = await keepingLease(store, job, 'verify', at.signal, () =>
          items.every((item) => Array.isArray(item))
            ? check(at, places, items)
            : withStorage(deps, job.snapshot, (storage) =>
                check(at, { ...places, storage }, items),
              ),
        );
        await noteDamaged(store, job, { page, attempt: at.number }, found.damaged, at.signal);
        if (found.forOthers > 0) totals.warnings = [await onlyHashed(store, job, at.signal)];
        totals.findingsCount = totals.findings.length;
        totals.findings = totals.findings.slice(0, NAMED_FINDINGS);
        return totals;
      }),
    );
}

/** What of a page does not pass through Temporal as it is. */
interface Found {
  /** Keys in the store of what is damaged or missing. */
  damaged: string[];
  /** Encrypted objects that no identity of this worker opens. */
  forOthers: number;
}

interface Places {
  job: VerifyJob;
  store: Store;
  streams: number | undefined;
  opener: Opener | undefined;
  found: Found;
  /** Where the product wrote. */
  storage?: Store;
}

async function check(at: Attempt, places: Places, items: VerifyItem[]): Promise<VerifyTotals> {
  const { job, storage, streams } = places;
  const totals: VerifyTotals = {
    objects: 0,
    bytes: 0,
    onlyHashed: 0,
    findings: [],
    findingsCount: 0,
  };
  await eachBounded(items, streamsPerPage(job.snapshot, streams), async (item) => {
    if (Array.isArray(item)) await checkLines(at, places, item, totals);
    else if (storage) {
      totals.findings.push(...(await checkProductObject(storage, job, item, at.signal)));
    }
    totals.objects += countOf([item]);
    totals.bytes += bytesOf([item]);
    at.figures.artifacts = totals.objects;
    at.figures.bytes = totals.bytes;
  });
  return totals;
}

async function checkLines(
  { signal }: Attempt,
  { job, store, opener, found }: Places,
  lines: ObjectLine[],
  totals: VerifyTotals,
): Promise<void> {
  const folder = backupFolder(job.snapshot.target, job.backup);
  const findings: Finding[] = [];
  if (job.depth === 'deep') {
    const checked = await checkArtifact({ store, folder, lines, opener, signal });
    findings.push(...checked.findings);
    totals.onlyHashed += checked.onlyHashed;
    found.forOthers += checked.forOthers;
  } else {
    for (const line of lines) findings.push(...(await checkQuick(store, folder, line, signal)));
  }
  found.damaged.push(...keysFound(job, lines, findings));
  totals.findings.push(...findings);
}
