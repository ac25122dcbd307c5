import type { Command } from 'commander';
import type { VerifyReport, VerifyRequest } from '../../workflows/contract/operations.ts';
import { operateAndTell, type OperateOptions } from '../runs/operate.ts';
import { followOptions } from '../runs/follow-options.ts';
import { humanBytes, humanDuration, plural } from '../terminal/figures.ts';
import { printable } from '../terminal/output.ts';
import { withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

interface Options extends OperateOptions {
  deep?: boolean;
}

export function verifyVerb(program: Command): void {
  const command = program
    .command('verify')
    .description('check a backup against its manifest; the result is kept beside it')
    .argument('<target>', 'a target of the configuration')
    .argument('[backup]', 'the id of a backup', 'latest')
    .option(
      '--deep',
      'read and hash every byte, and parse it; else sizes alone, and what checksums the store tells',
    );
  verb<Options>(
    followOptions(command),
    {
      examples: ['verify metrics', 'verify metrics 2026-11-20t02-00-00z-7f3a1c --deep'],
      notes: 'Exits with 8 when something is wrong with the backup.',
    },
    async (call, options, target = '', backup = 'latest') => {
      await call.checkTarget(target);
      const request: VerifyRequest = { target, backup, depth: options.deep ? 'deep' : 'quick' };
      const summary = `verify ${backup} of ${target} (${request.depth})`;
      return operateAndTell(call, { operation: 'verify', request, summary }, options, linesOf);
    },
  );
}

function linesOf(report: VerifyReport): string[] {
  const { backup, depth, objects, bytes, onlyHashed, findings, durationMs } = report;
  // Runs of earlier versions, which may be followed still, tell of what they list alone.
  const { findingsCount = findings.length } = report;
  const further = findingsCount - findings.length;
  const checked = `${plural(objects, 'object')}, ${humanBytes(bytes)}, ${depth}, in ${humanDuration(durationMs)}${withWarnings(report.warnings)}`;
  return [
    ...findings.map(({ code, object, message }) => printable(`${code} ${object}: ${message}`)),
    ...(further > 0 ? [`… and ${plural(further, 'further finding')}`] : []),
    report.ok
      ? `${backup} is whole: ${checked}`
      : `${backup} is damaged: ${plural(findingsCount, 'finding')} (${checked})`,
    ...(onlyHashed > 0
      ? [
          `${plural(onlyHashed, 'object')} could only be hashed: this worker has no identity for them`,
        ]
      : []),
  ];
}
