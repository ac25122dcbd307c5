import type { Warning } from '../../../workflows/contract/progress.ts';
import type { ProvenJob } from '../delegated.ts';
import type { Strays } from './stray-tables.ts';
import type { Verdict } from './verdict.ts';

/** Subjects that pass through Temporal. */
const NAMED = 20;

/** What the verdicts on all tables come to. */
export function concludeProof(
  verdicts: Map<string, Verdict>,
  strays: Strays,
  bytes: number,
): ProvenJob {
  const labels = (result: Verdict['result'], because?: string) =>
    [...verdicts].flatMap(([label, verdict]) =>
      verdict.result === result && reasonOf(verdict) === because ? [label] : [],
    );
  const count = (wanted: Verdict['result']) =>
    [...verdicts.values()].filter(({ result }) => result === wanted).length;
  const failed = [
    ...[...verdicts].flatMap(([label, verdict]) =>
      verdict.result === 'different' ? [`${label} ${verdict.reason}`] : [],
    ),
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
    [...labels('equivalent', 'newer'), ...strays.newer],
    'Newer rows than those of the backup are there already',
  );
  warn(
    'RETENTION_EXPIRES',
    labels('equivalent', 'retention'),
    'Rows older than their retention have gone again, so of these tables only what is younger was compared',
  );
  warn(
    'PROOF_PARTIAL',
    [...labels('uncounted'), ...strays.uncounted],
    'These tables could not be counted, so nothing is proven of them',
  );
  warn(
    'PROOF_PARTIAL',
    labels('uncounted', 'retention'),
    'So much of what these tables held in the backup has expired by now, or may have, that nothing is proven of them',
  );
  warn(
    'PROOF_PARTIAL',
    labels('uncounted', 'future'),
    'The backup has rows of these tables of the five minutes before the restore, or of what was the future when it was taken, and clients write among them again, so nothing is proven of these tables',
  );
  return {
    totals: {
      artifacts: verdicts.size - count('uncounted') + strays.failed.length,
      bytes,
      identical: count('identical'),
      equivalent: count('equivalent'),
      failed: { subjects: failed.slice(0, NAMED), count: failed.length },
    },
    warnings,
  };
}

function reasonOf(verdict: Verdict): string | undefined {
  return 'because' in verdict ? verdict.because : undefined;
}

export function unproven(bytes: number, warning: Warning): ProvenJob {
  const totals = { artifacts: 0, bytes, identical: 0, equivalent: 0 };
  return { totals: { ...totals, failed: { subjects: [], count: 0 } }, warnings: [warning] };
}
