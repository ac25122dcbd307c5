import type { Command } from 'commander';
import { copyStateOf, type CopyState } from '../../activities/catalog/copy-state.ts';
import { listBackups, type CatalogEntry } from '../../activities/catalog/list-backups.ts';
import { targetOf } from '../../activities/config/config.ts';
import { humanAge, humanBytes } from '../terminal/figures.ts';
import { renderTable } from '../terminal/table.ts';
import { verb } from '../verb.ts';

interface Listed extends CatalogEntry {
  target: string;
  store: string;
  /** Of what a database wrote by itself. */
  copy: CopyState | undefined;
}

export function listVerb(program: Command): void {
  const command = program
    .command('list')
    .description('list the backups in the stores, newest last')
    .argument('[target]', 'default: every target of the configuration');
  verb(
    command,
    {
      examples: ['list', 'list metrics --json'],
      notes: 'Reads the stores themselves: it needs neither Temporal nor a worker.',
    },
    async (call, _options, wanted) => {
      const config = await call.config();
      const targets = wanted ? [targetOf(config, wanted)] : [...config.targets.values()];
      const listed: Listed[] = [];
      for (const { name, store, timeouts } of targets) {
        for (const entry of await listBackups(await call.store(store), name)) {
          const { manifest, collected } = entry;
          const copy = manifest && copyStateOf(manifest, collected, timeouts.copy);
          listed.push({ target: name, store, copy, ...entry });
        }
      }
      call.output.result(
        { backups: listed.map(summaryOf) },
        linesOf(listed, targets.length, call.output.tableWidth),
      );
    },
  );
}

function summaryOf({ target, store, id, manifest, problem, proof, copy, collected }: Listed) {
  if (!manifest) return { target, store, backup: id, problem };
  const { product, state, times, totals, note, tags, warnings, encryption } = manifest;
  return {
    target,
    store,
    backup: id,
    product: product.name,
    version: product.version,
    state,
    completed: times.completed,
    ...totals,
    encrypted: Boolean(encryption),
    note,
    tags,
    warnings: warnings.length,
    ...(proof ? { proof } : {}),
    ...(copy ? { copy, sameFailureDomain: copy !== 'copied' } : {}),
    ...(collected ? { collected: collected.completed, method: collected.method } : {}),
  };
}

function linesOf(listed: Listed[], targets: number, width: number): string[] {
  if (listed.length === 0) return ['There are no backups yet.'];
  return renderTable(
    [
      ...(targets > 1 ? [{ title: 'TARGET', flexible: true }] : []),
      { title: 'BACKUP' },
      { title: 'AGE', align: 'right' },
      { title: 'STORED', align: 'right' },
      { title: 'STATE', flexible: true },
      { title: 'PROOF', flexible: true },
    ],
    listed.map((entry) => [...(targets > 1 ? [entry.target] : []), ...cells(entry)]),
    width,
  );
}

const COPIES: Record<CopyState, string> = {
  copied: '',
  pending: ', not copied yet',
  overdue: ', COPY OVERDUE',
};

function cells({ id, manifest, problem, proof, copy }: Listed): string[] {
  if (!manifest) return [id, '', '', problem ?? 'unreadable', ''];
  const { times, totals, warnings, state } = manifest;
  const warned = warnings.length > 0 ? `, ${warnings.length} warned` : '';
  return [
    id,
    humanAge(new Date(times.completed)),
    humanBytes(totals.storedBytes),
    state + (copy ? COPIES[copy] : '') + warned,
    proof ? `${proof.depth ?? proof.operation} ${proof.ok ? 'ok' : 'FAILED'}` : 'none',
  ];
}
