import type { Progress } from './contract/progress.ts';
import { adviceOn } from './contract/safety-phase.ts';
import type { KnownJob } from './known-job.ts';

/** The live page in the Temporal UI, in markdown: what a person looks for first stands first. */
export function renderDetails(job: KnownJob | undefined, progress: Progress): string {
  const lines = [`### ${progress.phase}`];
  if (progress.waitingFor) lines.push('', `Waiting for \`${progress.waitingFor}\``);
  if (progress.product) lines.push('', `The product says: ${progress.product}`);
  if (progress.sameFailureDomain) {
    const { copy } = progress.sameFailureDomain;
    lines.push(
      '',
      `**Same failure domain**: its bytes lie beside the database alone until \`${copy}\` has ended.`,
    );
  }
  if (job) {
    const { target, product, store } = job.snapshot;
    lines.push(
      '',
      '| | |',
      '|---|---|',
      `| target | ${target} (${product}) |`,
      `| store | ${store.name} |`,
    );
    if (job.backup) lines.push(`| backup | \`${job.backup}\` |`);
    lines.push(...figureRows(progress));
  }
  if (progress.lastError) {
    lines.push('', `**Attempt ${progress.attempt}**, last error: ${progress.lastError}`);
    const advice = adviceOn(progress.phase, progress.attempt ?? 1);
    if (advice) lines.push('', advice);
  }
  if (progress.warnings.length > 0) {
    lines.push('', '**Warnings**', '');
    lines.push(
      ...progress.warnings.slice(0, 20).map(({ code, message }) => `- \`${code}\` ${message}`),
    );
    if (progress.warnings.length > 20) lines.push(`- … and ${progress.warnings.length - 20} more`);
  }
  return lines.join('\n');
}

function figureRows({ artifacts, bytes, bytesPerSecond, eta }: Progress): string[] {
  if (artifacts.total === 0) {
    // A product's own job: nobody knows how much there will be.
    return artifacts.done === 0
      ? []
      : [`| objects so far | ${artifacts.done} |`, `| bytes so far | ${size(bytes.done)} |`];
  }
  const of = bytes.total === undefined ? '' : ` of ${size(bytes.total)}`;
  // What a product moves by itself is counted in artifacts alone.
  const uncounted = bytes.total === undefined && bytes.done === 0;
  return [
    `| artifacts | ${artifacts.done} of ${artifacts.total} |`,
    ...(uncounted
      ? []
      : [`| bytes | ${size(bytes.done)}${of} |`, `| rate | ${size(bytesPerSecond)}/s |`]),
    ...(eta ? [`| expected end | ${eta.slice(0, 19)}Z |`] : []),
  ];
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[power]}`;
}
