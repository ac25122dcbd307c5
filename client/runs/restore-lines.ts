import type { RestorePlan, RestoreReport } from '../../workflows/contract/operations.ts';
import { humanBytes, humanDuration, plural } from '../terminal/figures.ts';
import { printable } from '../terminal/output.ts';
import { withWarnings } from '../terminal/warnings.ts';

const SHOWN = 30;

/** Whether it needs the name of the destination, as the workflow does. */
export function replaces(plan: RestorePlan): boolean {
  return plan.destructive || plan.replaces.length > 0;
}

/** What a restore will do, in the order in which a person worries. @param confirm what was given as `--confirm` */
export function planLines(plan: RestorePlan, confirm?: string): string[] {
  const needs = confirm === plan.into ? '' : `; it needs --confirm ${plan.into}`;
  return [
    `Backup ${plan.backup} of ${plan.from} into ${plan.into}: ${plural(plan.artifacts, 'artifact')}, ${humanBytes(plan.bytes)}`,
    ...section('replaces', plan.replaces),
    ...section('bound to what is replaced', plan.bound),
    ...section('creates', plan.creates),
    ...section('leaves alone', plan.leaves),
    ...(plan.safetyBackup
      ? [`backs up ${plan.into} first; --no-safety-backup leaves that out`]
      : []),
    ...(replaces(plan) ? [`This REPLACES what is in ${plan.into}${needs}`] : []),
  ];
}

export function reportLines(report: RestoreReport): string[] {
  const { plan, proof, restored } = report;
  return [
    ...section('restored', restored),
    ...wayBack(report),
    `${plan.backup} is restored into ${plan.into}${moved(report.bytes)} in ${humanDuration(report.durationMs)}; ` +
      provenOf(proof) +
      withWarnings(report.warnings),
  ];
}

function wayBack({ safetyBackup, sameFailureDomain }: RestoreReport): string[] {
  if (!safetyBackup) return [];
  const alone = sameFailureDomain
    ? `; its bytes lie beside the database alone until ${sameFailureDomain.copy} has ended`
    : '';
  return [`The destination as it was before is kept as backup ${safetyBackup}${alone}`];
}

/** What a product restores by itself does not pass here. */
function moved(bytes: number): string {
  return bytes > 0 ? `: ${humanBytes(bytes)}` : '';
}

function provenOf({ identical, equivalent }: RestoreReport['proof']): string {
  if (identical + equivalent === 0) return 'nothing of it is proven';
  if (identical === 0) return `proven ${plural(equivalent, 'artifact')} equal in content`;
  const alike = equivalent > 0 ? ` and ${equivalent} equal in content` : '';
  return `proven ${plural(identical, 'artifact')} identical${alike}`;
}

function section(title: string, names: string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - SHOWN;
  return [
    `${title}:`,
    ...names.slice(0, SHOWN).map((name) => `  ${printable(name)}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}
