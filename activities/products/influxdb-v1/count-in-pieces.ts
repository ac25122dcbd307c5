import { selectWithin, type Span } from './ask-measurements.ts';
import type { InfluxV1Client, Row } from './client.ts';
import { isLimit, isTooMuchAsked } from './failures.ts';

/** Counts of one time each, by `count_<field>`. */
export type Found = Row[];

/** A time is halved so often. */
const HALVINGS = 6;

/**
 * Counts a measurement in shorter times, where the server gives up on a long one. What is refused in the shortest too is
 * refused in all.
 * @param refusal of the whole time
 */
export async function countInPieces(
  client: InfluxV1Client,
  measurement: string,
  span: Span,
  operation: string,
  refusal: Error,
  halvings = HALVINGS,
): Promise<Found | Error> {
  const [start, end] = [BigInt(span.start), BigInt(span.end)];
  // Other refusals are of the measurement, however short its time.
  if (halvings === 0 || !isLimit(refusal) || end - start < 2n) return refusal;
  const middle = String((start + end) / 2n);
  const found: Found = [];
  for (const half of [
    { ...span, end: middle },
    { ...span, start: middle },
  ]) {
    const counts = await countOf(client, measurement, half, operation, halvings - 1);
    if (counts instanceof Error) return counts;
    found.push(...counts);
  }
  return found;
}

async function countOf(
  client: InfluxV1Client,
  measurement: string,
  span: Span,
  operation: string,
  halvings: number,
): Promise<Found | Error> {
  try {
    const [rows = []] = await client.query(
      [selectWithin('count(*)', measurement, span)],
      operation,
    );
    return rows;
  } catch (error) {
    if (!isTooMuchAsked(error)) throw error;
    return countInPieces(client, measurement, span, operation, error, halvings);
  }
}
