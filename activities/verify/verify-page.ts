import type { Activities, VerifyTotals } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { Dependencies } from '../dependencies.ts';
import { eachBounded } from '../each-bounded.ts';
import { keepingLease } from '../lease.ts';
import { checkArtifact } from '../pipeline/check-artifact.ts';
import { streamsPerPage } from '../streams-per-page.ts';
import { openerOf, withStore } from '../workspace.ts';
import { checkQuick } from './check-quick.ts';
import { readVerifyPage } from './verify-pages.ts';

const NAMED_FINDINGS = 100;

export function verifyPage(deps: Dependencies): Activities['verifyPage'] {
  return ({ job, page }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const folder = backupFolder(job.snapshot.target, job.backup);
        const artifacts = await readVerifyPage(store, job, page, at.signal);
        const opener = job.depth === 'deep' ? await openerOf(job.snapshot) : undefined;
        const totals: VerifyTotals = {
          objects: 0,
          bytes: 0,
          onlyHashed: 0,
          findings: [],
          findingsCount: 0,
        };
        await keepingLease(store, job, 'verify', at.signal, () =>
          eachBounded(artifacts, streamsPerPage(job.snapshot), async (lines) => {
            if (job.depth === 'deep') {
              const checked = await checkArtifact({
                store,
                folder,
                lines,
                opener,
                signal: at.signal,
              });
              totals.findings.push(...checked.findings);
              totals.onlyHashed += checked.onlyHashed;
            } else {
              for (const line of lines) {
                totals.findings.push(...(await checkQuick(store, folder, line, at.signal)));
              }
            }
            totals.objects += lines.length;
            totals.bytes += lines.reduce((sum, line) => sum + line.bytes, 0);
            at.figures.artifacts = totals.objects;
            at.figures.bytes = totals.bytes;
          }),
        );
        totals.findingsCount = totals.findings.length;
        totals.findings = totals.findings.slice(0, NAMED_FINDINGS);
        return totals;
      }),
    );
}
