import { isTooMuchAsked } from './failures.ts';
import { quoted, type InfluxV1Client, type Row } from './client.ts';

export interface Span {
  database: string;
  policy: string;
  /** Nanoseconds, as text: inclusive and exclusive. */
  start: string;
  end: string;
}

/** Measurements that one request asks for, which share the time that the server gives it. */
const BATCH = 100;

/**
 * The answer to a statement for each measurement. Where the server refuses so many at once, it is asked for fewer; what it
 * refuses of one alone comes in place of its answer.
 */
export async function* askMeasurements(
  client: InfluxV1Client,
  measurements: string[],
  operation: string,
  statementFor: (measurement: string) => string,
): AsyncGenerator<[string, Row[] | Error]> {
  const ask = async function* (batch: string[]): AsyncGenerator<[string, Row[] | Error]> {
    try {
      const answers = await client.query(batch.map(statementFor), operation);
      for (const [index, measurement] of batch.entries()) {
        yield [measurement, answers[index] ?? []];
      }
    } catch (error) {
      if (!isTooMuchAsked(error)) throw error;
      const [first] = batch;
      if (batch.length === 1 && first !== undefined) {
        yield [first, error];
        return;
      }
      const half = batch.length >> 1;
      yield* ask(batch.slice(0, half));
      yield* ask(batch.slice(half));
    }
  };
  for (let at = 0; at < measurements.length; at += BATCH) {
    yield* ask(measurements.slice(at, at + BATCH));
  }
}

/** @param grouped the end of the statement */
export function selectWithin(
  what: string,
  measurement: string,
  { database, policy, start, end }: Span,
  grouped = '',
): string {
  const from = [database, policy, measurement].map(quoted).join('.');
  return `SELECT ${what} FROM ${from} WHERE time >= ${start} AND time < ${end}${grouped}`;
}
