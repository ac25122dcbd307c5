import type { Warning } from '../../../workflows/contract/progress.ts';
import type { ProvenJob } from '../delegated.ts';
import type { Verdict } from './compare.ts';
import type { Strays } from './stray-tables.ts';

/** Subjects that pass through Temporal. */
const NAMED = 20;

/** What the verdicts on all tables come to. */
export function concludeProof(
  verdicts: Map<string, Verdict>,
  strays: Strays,
  bytes: number,
): ProvenJob {
  const labels = (which: (verdict: Verdict) => boolean) =>
    [...verdicts].filter(([, verdict]) => which(verdict)).map(([label]) => label);
  const because = (reason: string) =>
    labels((verdict) => verdict.result === 'equivalent' && verdict.because === reason);
  const uncountedFor = (reason?: string) =>
    labels((verdict) => verdict.result === 'uncounted' && verdict.because === reason);
  const results = (result: Verdict['result']) => labels((verdict) => verdict.result === result);
  const failed = [
    ...differing(verdicts).map(([label, { reason }]) => `${label} ${reason}`),
    ...strays.failed,
  ];
  const warnings: Warning[] = [];
  const warn = (code: string, tables: string[], message: string) => {
    if (tables.length === 0) return;
    const more = tables.length > 5 ? ` and ${tables.length - 5} more` : '';
    warnings.push({ code, message: `${message}: ${tables.slice(0, 5).join(', ')}${more}.` });
  };
  warn(
    'WRITES_AFTER_RESTORE',
    [...because('newer'), ...strays.newer],
    'Newer rows than those of the backup are there already',
  );
  warn(
    'RETENTION_EXPIRES',
    because('retention'),
    'Rows older than their retention have gone again, so of these tables only what is younger was compared',
  );
  warn(
    'PROOF_PARTIAL',
    uncountedFor(),
    'These tables could not be counted, so nothing is proven of them',
  );
  warn(
    'PROOF_PARTIAL',
    uncountedFor('retention'),
    'So much of what these tables held in the backup has expired by now, or may have, that nothing is proven of them',
  );
  warn(
    'PROOF_PARTIAL',
    uncountedFor('future'),
    'Rows of these tables had times in the future when the backup was taken, and clients write to them again, so nothing is proven of them',
  );
  return {
    totals: {
      artifacts: verdicts.size - results('uncounted').length + strays.failed.length,
      bytes,
      identical: results('identical').length,
      equivalent: results('equivalent').length,
      failed: { subjects: failed.slice(0, NAMED), count: failed.length },
    },
    warnings,
  };
}

function differing(verdicts: Map<string, Verdict>) {
  return [...verdicts].flatMap(([label, verdict]) =>
    verdict.result === 'different' ? [[label, verdict] as const] : [],
  );
}

export function unproven(bytes: number, warning: Warning): ProvenJob {
  const totals = { artifacts: 0, bytes, identical: 0, equivalent: 0 };
  return { totals: { ...totals, failed: { subjects: [], count: 0 } }, warnings: [warning] };
}
