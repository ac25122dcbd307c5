import { type Answer, words } from './answer.ts';
import { HoldfastError } from '../../failure.ts';
import type { EnterpriseClient } from './client.ts';

export type Row = Record<string, unknown>;

/** Why there is no result: nobody answers queries, or the query itself was refused. */
export interface NoResult {
  /** One clause, for a person. */
  reason: string;
}

/**
 * The result of a query, from any node that answers queries. A matter of proof only: it never fails a backup. One that
 * may be slow is better asked `once`.
 */
export async function query(
  client: EnterpriseClient,
  database: string,
  sql: string,
  { once = false } = {},
): Promise<Row[] | NoResult> {
  const call = {
    method: 'POST',
    path: '/api/v3/query_sql',
    body: { db: database, q: sql, format: 'json' },
    operation: `querying ${database}`,
    changesNothing: true,
    once,
  } as const;
  try {
    const tried = await client.tryAll('query', call);
    if ('answer' in tried) return resultOf(tried.answer);
    const failure = tried.failure?.message ?? tried.absent.map(words).join(', ');
    return { reason: `no node answers queries (${failure})` };
  } catch (error) {
    if (client.signal.aborted || !(error instanceof HoldfastError)) throw error;
    // Another cluster at the same address is no matter of proof.
    if (error.code === 'WRONG_SERVER') throw error;
    return { reason: error.message.replace(/\.$/, '') };
  }
}

function resultOf(answer: Answer): Row[] | NoResult {
  const { status, json } = answer;
  if (status === 200 && Array.isArray(json)) return json as Row[];
  return { reason: `the query failed: ${words(answer)}` };
}
