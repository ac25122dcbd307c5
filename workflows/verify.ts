import { CancellationScope, patched } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import { conduct } from './conduct.ts';
import type { VerifyJob, VerifyTotals } from './contract/activities.ts';
import type { Skipped, VerifyReport, VerifyRequest } from './contract/operations.ts';
import { verdict } from './failure.ts';
import { leasing } from './leasing.ts';
import { eachPage } from './pages.ts';
import type { Run } from './run.ts';

/** Whoever needs to know all of many looks at the store. */
const MOST_FINDINGS = 100;

/**
 * Looks at a committed backup: `quick`, that every object is there with its size and checksum; `deep`, that every
 * byte is what the manifest says and parses as what it claims to be. It needs no lock, since it changes nothing. The
 * result is kept beside the backup, and a restore of `latest` skips a backup whose newest proof failed.
 */
export async function verify(input: VerifyRequest): Promise<VerifyReport | Skipped> {
  return conduct('verify', async (run) => {
    const asked = await activities('ask', 'read the configuration').resolveVerify({ input });
    run.consider(asked);
    const job = await activities('ask', 'find the backup', asked.snapshot).findVerifyBackup(asked);
    run.adopt(job);
    return leasing(run, job, 'verify', async () => {
      const move = (summary: string, id?: string) => activities('move', summary, job.snapshot, id);
      run.enter('reading the manifest');
      const plan = await move(`manifest of ${job.backup}`).planVerify(job);
      run.warn(...(plan.warnings ?? []));
      const totals: VerifyTotals = {
        objects: 0,
        bytes: 0,
        onlyHashed: 0,
        findings: plan.findings,
        findingsCount: plan.findings.length,
      };

      let unfinished = true;
      try {
        run.expect({ artifacts: plan.objects, bytes: plan.bytes });
        run.enter(`verifying (${job.depth})`);
        const { concurrency } = job.snapshot.limits;
        await eachPage(plan.pages, concurrency, async (page, range, id, streams) => {
          const part = await move(`objects ${range} of ${plan.objects}`, id).verifyPage({
            job,
            page,
            streams,
          });
          run.add({ artifacts: part.objects, bytes: part.bytes }, id);
          run.warn(...(part.warnings ?? []));
          tally(totals, part);
        });
        unfinished = false;

        run.enter('recording the proof');
        await move('record the proof').recordVerification({ job, totals });
      } catch (error) {
        if (totals.findingsCount > 0 && patched('verify-keeps-findings')) {
          await keepFindings(run, job, totals, unfinished);
        }
        throw error;
      }
      return {
        backup: job.backup,
        target: job.snapshot.target,
        depth: job.depth,
        ok: totals.findingsCount === 0,
        objects: totals.objects,
        bytes: totals.bytes,
        onlyHashed: totals.onlyHashed,
        findings: totals.findings,
        findingsCount: totals.findingsCount,
        durationMs: run.elapsedMs,
      };
    });
  });
}

/** What was found is true, however the run ends. What stands in the way of keeping it must not hide that end. */
async function keepFindings(
  run: Run,
  job: VerifyJob,
  totals: VerifyTotals,
  unfinished: boolean,
): Promise<void> {
  const subject = job.backup;
  const count = totals.findingsCount === 1 ? '1 finding' : `${totals.findingsCount} findings`;
  const found = `Before it ended, the verification had ${count} in backup ${subject}, first: ${totals.findings[0]?.message}`;
  const clean = activities('clean', 'record what was found', job.snapshot);
  try {
    await CancellationScope.nonCancellable(() =>
      clean.recordVerification({ job, totals, ...(unfinished ? { unfinished } : {}) }),
    );
    run.warn({
      code: 'DAMAGE_FOUND',
      message: `${found} That is kept as a failed proof.`,
      subject,
    });
  } catch (error) {
    const message = `${found} The proof of it could not be kept beside the backup: ${verdict(error).message}`;
    run.warn({ code: 'PROOF_NOT_KEPT', message, subject });
  }
}

function tally(totals: VerifyTotals, part: VerifyTotals): void {
  totals.objects += part.objects;
  totals.bytes += part.bytes;
  totals.onlyHashed += part.onlyHashed;
  totals.findingsCount += part.findingsCount;
  totals.findings = [...totals.findings, ...part.findings].slice(0, MOST_FINDINGS);
}
