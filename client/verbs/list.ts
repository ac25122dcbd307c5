import type { Command } from 'commander';
import {
  copyStateOf,
  isSameFailureDomain,
  type CopyState,
} from '../../activities/catalog/copy-state.ts';
import { listBackups, type CatalogEntry } from '../../activities/catalog/list-backups.ts';
import { type Target, targetOf } from '../../activities/config/config.ts';
import { eachBounded } from '../../activities/each-bounded.ts';
import type { HoldfastError } from '../../activities/failure.ts';
import { lieIn, otherStoresWith, wayTo } from '../../activities/other-stores.ts';
import { EXIT } from '../exit-codes.ts';
import { asHoldfastError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import { humanAge, humanBytes } from '../terminal/figures.ts';
import { printable } from '../terminal/output.ts';
import { renderTable } from '../terminal/table.ts';
import { verb } from '../verb.ts';

interface Listed extends CatalogEntry {
  target: string;
  store: string;
  /** Of what a database wrote by itself. */
  copy: CopyState | undefined;
}

interface Found {
  target: string;
  store: string;
  listed: Listed[];
  /** Of a target without backups: stores that have some, and that it does not use now. */
  otherStores: string[];
}

/** A target whose store could not be read: it must not hide the backups of the others. */
interface Unread {
  target: string;
  store: string;
  error: HoldfastError;
}

const TARGETS_AT_A_TIME = 4;

export function listVerb(program: Command): void {
  const command = program
    .command('list')
    .description('list the backups in the stores, newest last')
    .argument('[target]', 'default: every target of the configuration');
  verb(
    command,
    {
      examples: ['list', 'list metrics --json'],
      notes:
        'Reads the stores themselves: it needs neither Temporal nor a worker. What cannot be\nread is told beside what can, and the exit code is 1 then.',
    },
    async (call, _options, wanted) => {
      const config = await call.config();
      const targets = wanted ? [targetOf(config, wanted)] : [...config.targets.values()];
      const found: (Found | Unread)[] = [];
      await eachBounded(targets, TARGETS_AT_A_TIME, async (target, index) => {
        found[index] = await read(call, target);
      });
      const failures = found.filter((each) => 'error' in each);
      const [first] = failures;
      // Then there is nothing else to show.
      if (first && targets.length === 1) throw first.error;
      const elsewhere = found.filter(isElsewhere);
      call.output.result(
        {
          backups: found.flatMap(entriesOf),
          ...(elsewhere.length > 0 ? { elsewhere: elsewhere.map(placesOf) } : {}),
        },
        linesOf(found, call.output.tableWidth),
      );
      for (const { otherStores, ...where } of elsewhere) {
        call.output.remark(`${lieIn(otherStores, where)}.\n${wayTo(otherStores, where)}`);
      }
      for (const { target, error } of failures) {
        const { code, message, hint } = error;
        call.output.log(`${code} (target ${target}): ${printable(message)}\n${printable(hint)}`);
      }
      return first ? EXIT.failed : EXIT.done;
    },
  );
}

async function read(
  call: Invocation,
  { name: target, store, timeouts }: Target,
): Promise<Found | Unread> {
  try {
    const entries = await listBackups(await call.store(store), target);
    const listed = entries.map((entry): Listed => {
      const { manifest, collected } = entry;
      const copy = manifest && copyStateOf(manifest, collected, timeouts.copy);
      return { target, store, copy, ...entry };
    });
    // A store that answers late, or never, must not keep anybody from what is there.
    const otherStores =
      listed.length > 0
        ? []
        : await otherStoresWith(call.searching, { target, store }).catch(() => []);
    return { target, store, listed, otherStores };
  } catch (error) {
    return { target, store, error: asHoldfastError(error) };
  }
}

function isElsewhere(each: Found | Unread): each is Found {
  return 'otherStores' in each && each.otherStores.length > 0;
}

function placesOf({ target, store, otherStores }: Found) {
  return { target, store, otherStores };
}

function entriesOf(each: Found | Unread): object[] {
  return 'error' in each ? [unread(each)] : each.listed.map(summaryOf);
}

function unread({ target, store, error: { code, message, hint } }: Unread) {
  return { target, store, problem: message, code, hint };
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
    ...(copy ? { copy, sameFailureDomain: isSameFailureDomain(copy, collected) } : {}),
    ...(collected ? { collected: collected.completed, method: collected.method } : {}),
  };
}

function linesOf(found: (Found | Unread)[], width: number): string[] {
  const several = found.length > 1;
  const rows = found.flatMap((each) =>
    'error' in each
      ? [[each.target, '', '', '', each.error.code, '']]
      : each.listed.map((entry) => [...(several ? [entry.target] : []), ...cells(entry)]),
  );
  if (rows.length === 0) {
    const yet = found.some(isElsewhere) ? 'where the targets keep them now' : 'yet';
    return [`There are no backups ${yet}.`];
  }
  return renderTable(
    [
      ...(several ? [{ title: 'TARGET', flexible: true }] : []),
      { title: 'BACKUP' },
      { title: 'AGE', align: 'right' },
      { title: 'STORED', align: 'right' },
      { title: 'STATE', flexible: true },
      { title: 'PROOF', flexible: true },
    ],
    rows,
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
