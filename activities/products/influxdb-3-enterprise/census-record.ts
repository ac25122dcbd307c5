import type { Warning } from '../../../workflows/contract/progress.ts';
import type { DelegatedBackup, Inventory } from '../delegated.ts';
import { type Census, censusSchema } from './census-schema.ts';
import { isCensus, takeCensus } from './census.ts';
import type { NoResult } from './query.ts';
import type { Session } from './session.ts';
import { labelOf } from './tables.ts';
import { z } from 'zod';

export const CENSUS = 'census.json';

const censusFile = z.object({ format: z.literal(1), before: censusSchema, after: censusSchema });
export type CensusFile = z.output<typeof censusFile>;

export interface CensusRecord {
  files: Inventory['files'];
  warnings: Warning[];
  /** For the manifest: small. */
  detail: Record<string, unknown>;
}

/** Counts again after the backup, and keeps both counts: what a restore is compared with. */
export async function recordCensus(session: Session, observed: unknown): Promise<CensusRecord> {
  const { client, concurrency, connection } = session;
  const before = censusSchema.safeParse(observed).data ?? reasonOf(observed);
  if (connection.census === 'none') return { files: [], warnings: [], detail: { census: 'none' } };
  const after = isCensus(before)
    ? await takeCensus(client, { concurrency, above: before })
    : before;
  if (!isCensus(before) || !isCensus(after)) {
    const { reason } = isCensus(after) ? { reason: 'nobody answers' } : after;
    return {
      files: [],
      warnings: [
        {
          code: 'CENSUS_MISSING',
          message: `The rows of the tables could not be counted: ${reason}. That a restore of this backup is complete will only be the word of the server.`,
        },
      ],
      detail: { census: 'missing' },
    };
  }
  const file: CensusFile = { format: 1, before, after };
  return {
    files: [
      {
        path: CENSUS,
        role: 'census',
        subject: 'rows of every table',
        bytes: Buffer.from(JSON.stringify(file)),
      },
    ],
    warnings: changes(before, after),
    detail: {
      census: 'taken',
      databases: after.databases.length,
      tables: after.tables.length,
      rows: after.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
      uncounted: after.tables.filter(({ rows }) => rows === null).length + after.left,
    },
  };
}

/** Undefined when the backup has none. @throws BACKUP_DAMAGED */
export async function readCensus(backup: DelegatedBackup): Promise<CensusFile | undefined> {
  if (backup.manifest.detail.census !== 'taken') return undefined;
  const bytes = await backup.file(CENSUS);
  return censusFile.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

function reasonOf(observed: unknown): NoResult {
  const found = z.object({ reason: z.string() }).safeParse(observed).data;
  return found ?? { reason: 'nobody counted before the backup' };
}

const NAMED = 5;

/** Writes that went on are no matter. Rows that went away while the backup was taken may be in it, or not. */
function changes(before: Census, after: Census): Warning[] {
  const later = new Map(after.tables.map((table) => [labelOf(table), table]));
  const shrunk = before.tables.filter((table) => {
    const rows = later.get(labelOf(table))?.rows ?? (later.has(labelOf(table)) ? null : -1);
    return table.rows !== null && rows !== null && rows < table.rows;
  });
  const uncounted = [...before.tables, ...after.tables].filter(({ rows }) => rows === null);
  const warnings: Warning[] = [];
  if (shrunk.length > 0) {
    warnings.push({
      code: 'ROWS_WENT_AWAY',
      message: `While the backup was taken, rows went away (deleted, or past their retention) from ${named(shrunk.map(labelOf))}; either count passes as proof.`,
    });
  }
  if (uncounted.length > 0 || after.left > 0) {
    const labels = [...new Set(uncounted.map(labelOf))];
    warnings.push({
      code: 'CENSUS_PARTIAL',
      message: `${labels.length + after.left} tables could not be counted${labels.length > 0 ? ` (${named(labels)})` : ''}: a restore proves nothing of them.`,
    });
  }
  return warnings;
}

function named(labels: string[]): string {
  const more = labels.length - NAMED;
  return labels.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
