import type { Activities, VerifyJob, VerifyTotals } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { eachBounded } from '../each-bounded.ts';
import { keepingLease } from '../lease.ts';
import type { Opener } from '../pipeline/age/opener.ts';
import { checkArtifact } from '../pipeline/check-artifact.ts';
import type { Store } from '../stores/store.ts';
import { streamsPerPage } from '../streams-per-page.ts';
import { openerOf, withStorage, withStore } from '../workspace.ts';
import { checkProductObject } from './check-product-object.ts';
import { checkQuick } from './check-quick.ts';
import { bytesOf, countOf, readVerifyPage, type VerifyItem } from './verify-pages.ts';

const NAMED_FINDINGS = 100;

export function verifyPage(deps: Dependencies): Activities['verifyPage'] {
  return ({ job, page }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const items = await readVerifyPage(store, job, page, at.signal);
        const opener = job.depth === 'deep' ? await openerOf(job.snapshot) : undefined;
        const totals = await keepingLease(store, job, 'verify', at.signal, () =>
          items.every((item) => Array.isArray(item))
            ? check(at, { job, store, opener }, items)
            : withStorage(deps, job.snapshot, (storage) =>
                check(at, { job, store, opener, storage }, items),
              ),
        );
        totals.findingsCount = totals.findings.length;
        totals.findings = totals.findings.slice(0, NAMED_FINDINGS);
        return totals;
      }),
    );
}

interface Places {
  job: VerifyJob;
  store: Store;
  opener: Opener | undefined;
  /** Where the product wrote. */
  storage?: Store;
}

async function check(at: Attempt, places: Places, items: VerifyItem[]): Promise<VerifyTotals> {
  const { job, storage } = places;
  const totals: VerifyTotals = {
    objects: 0,
    bytes: 0,
    onlyHashed: 0,
    findings: [],
    findingsCount: 0,
  };
  await eachBounded(items, streamsPerPage(job.snapshot), async (item) => {
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
  { job, store, opener }: Places,
  lines: ObjectLine[],
  totals: VerifyTotals,
): Promise<void> {
  const folder = backupFolder(job.snapshot.target, job.backup);
  if (job.depth === 'deep') {
    const checked = await checkArtifact({ store, folder, lines, opener, signal });
    totals.findings.push(...checked.findings);
    totals.onlyHashed += checked.onlyHashed;
    return;
  }
  for (const line of lines)
    totals.findings.push(...(await checkQuick(store, folder, line, signal)));
}
