import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { DelegatedBackup, PlannedJob, ProvenJob } from '../delegated.ts';
import { type CensusFile, readCensus } from './census-record.ts';
import type { Census, TableCount } from './census-schema.ts';
import { countTables, isCensus, takeCensus } from './census.ts';
import { judge } from './compare.ts';
import { concludeProof, unproven } from './conclude-proof.ts';
import { countTable, type Period } from './count-table.ts';
import { expectations, wasCounted } from './expectations.ts';
import { told } from '../../few.ts';
import { pause } from '../../pause.ts';
import type { NoResult } from './query.ts';
import { RestoreApi } from './restore-api.ts';
import { detailOf } from './restore-detail.ts';
import type { Session } from './session.ts';
import { labelOf } from './tables.ts';
import { strayTables } from './stray-tables.ts';
import type { Expected, Verdict } from './verdict.ts';

/**
 * Counts every table again and compares: with the count before the backup, after it, or in between. Nodes that answer
 * queries may need a moment to see what a restore did, and what they show until then may look right: nothing is counted
 * before that, and what differs is looked at again for as long.
 */
export async function proveRestore(
  session: Session,
  plan: PlannedJob,
  restoredAt: string,
  backup: DelegatedBackup,
  onTable: () => void,
): Promise<ProvenJob> {
  const { client, patienceMs } = session;
  const bytes = plan.summary.bytes;
  if (detailOf(plan).additive) return unproven(bytes, NEEDS_RESTART);
  const file = await readCensus(backup);
  if (!file) return unproven(bytes, onlyItsWord('nobody counted rows when the backup was taken'));
  const foretold = plan.summary.warnings.some(({ code }) => code === 'PROOF_IMPOSSIBLE');
  await pause(patienceMs, client.signal);
  const first = await firstCensus(session, onTable, foretold ? 0 : patienceMs);
  if (!isCensus(first)) {
    // A token that the restored catalog does not know is refused here, too, and told as that.
    await new RestoreApi(client).list();
    if (foretold) return unproven(bytes, onlyItsWord(first.reason));
    throw unanswered(session, first.reason);
  }
  const { verdicts, strays, open } = await compareAll(session, file, first, restoredAt);
  const proven = concludeProof(verdicts, strays, bytes);
  // What is left open could not be counted: that a table came back whole is not proven by the others.
  if (proven.totals.failed.count === 0 && open.length > 0) {
    throw unanswered(session, unreadable(open));
  }
  return proven;
}

/** Nodes that answer queries may be away for a moment: that nobody answers is believed when nobody has for a while. */
async function firstCensus(
  { client, concurrency, patienceMs }: Session,
  onTable: () => void,
  forMs: number,
): Promise<Census | NoResult> {
  const deadline = Date.now() + forMs;
  for (;;) {
    const census = await takeCensus(client, { concurrency, onTable });
    if (isCensus(census) || Date.now() >= deadline) return census;
    await pause(Math.min(500, patienceMs / 4), client.signal);
  }
}

/** What is said of each table, once all is settled or the patience is over; what is `open` could not be counted then. */
async function compareAll(session: Session, file: CensusFile, first: Census, restoredAt: string) {
  const { client, concurrency, patienceMs } = session;
  const expected = expectations(file.before, file.after);
  let now = byLabel(first);
  const verdicts = await judgeAll(session, expected, now, restoredAt);
  let strays = await strayTables(session, expected, file, first, restoredAt);
  const isStrayed = () => strays.failed.length + strays.uncounted.length > 0;
  let open = unsettled(verdicts, expected);
  const deadline = Date.now() + patienceMs;
  let wait = Math.min(500, patienceMs / 4);
  while ((open.size > 0 || isStrayed()) && Date.now() < deadline) {
    await pause(Math.min(wait, Math.max(0, deadline - Date.now())), client.signal);
    wait = Math.min(wait * 2, 5_000);
    if (isStrayed()) {
      const census = await takeCensus(client, { concurrency });
      if (isCensus(census)) {
        now = byLabel(census);
        strays = await strayTables(session, expected, file, census, restoredAt);
      }
    }
    const tables = [...open.values()].flatMap(({ before, after }) => before ?? after ?? []);
    for (const table of await countTables(client, tables, { concurrency })) {
      // A table that is not there cannot be counted: only its absence from the list says so.
      if (table.rows !== null) now.set(labelOf(table), table);
    }
    const again = await judgeAll(session, open, now, restoredAt);
    for (const [label, verdict] of again) verdicts.set(label, verdict);
    open = unsettled(verdicts, expected);
  }
  return { verdicts, strays, open: [...open.keys()] };
}

function byLabel({ tables }: Census): Map<string, TableCount> {
  return new Map(tables.map((table) => [labelOf(table), table]));
}

async function judgeAll(
  { client }: Session,
  expected: Map<string, Expected>,
  now: Map<string, TableCount>,
  restoredAt: string,
): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  for (const [label, one] of expected) {
    const table = one.before ?? one.after;
    if (!table) continue;
    const restored = {
      count: (period: Period) => countTable(client, table, period),
      restoredAt,
      now: client.clock.now(),
    };
    verdicts.set(label, await judge(now.get(label), one, restored));
  }
  return verdicts;
}

/** Tables that may come to another verdict yet. */
function unsettled(
  verdicts: Map<string, Verdict>,
  expected: Map<string, Expected>,
): Map<string, Expected> {
  const maySettle = (one: Expected, verdict: Verdict | undefined) =>
    verdict?.result === 'different' ||
    (verdict?.result === 'uncounted' && !verdict.because && wasCounted(one));
  return new Map([...expected].filter(([label, one]) => maySettle(one, verdicts.get(label))));
}

function unreadable(labels: string[]): string {
  return `these tables were counted when the backup was taken, and cannot be counted now: ${told(labels)}`;
}

/** Another attempt asks again; when none is answered, the run fails and what came back is kept. */
function unanswered({ client }: Session, reason: string): HoldfastError {
  return new HoldfastError(
    'TARGET_ERROR',
    `${client.server} has restored, and what came back cannot be compared with the backup yet: ${reason}.`,
    {
      hint: 'See that the nodes answer queries of every table; the run goes on by itself.',
    },
  );
}

const NEEDS_RESTART: Warning = {
  code: 'PROOF_AFTER_RESTART',
  message:
    'Nothing is proven: this version shows what it restored after a restart of every node. Then compare count(*), min(time) and max(time) of every table with data/census.json of the backup.',
};

function onlyItsWord(reason: string): Warning {
  return {
    code: 'PROOF_IMPOSSIBLE',
    message: `That the restore is complete is only the word of the server: ${reason}.`,
  };
}
