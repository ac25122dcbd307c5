import { told } from '../../few.ts';
import { quoted } from './client.ts';

/**
 * Whether a client has escaped more of a measurement's name than commas and blanks. Its server knows `req?id\=5` as
 * `req?id=5`, and its files as it was written. A server that gets the files finds no fields under the one name, or has the
 * measurement under the other: by its index, `inmem` or `tsi1`.
 */
export function isEscaped(measurement: string): boolean {
  return /\\["=]/.test(measurement) || isNeverFound(measurement);
}

/**
 * Whether the name has two backslashes before a comma, or at its end: `m\\,host=a v=1`. InfluxDB is at odds with itself
 * about what that comma is, and has nothing to answer, also where the points were written.
 */
function isNeverFound(measurement: string): boolean {
  return /\\(?:,|$)/.test(measurement);
}

/**
 * Reasons why queries may not find what came back: the ends of sentences.
 * @param hidden of which the server finds nothing under the name of the files either
 */
export function tellEscaped(escaped: string[], hidden: string[]): string[] {
  const renamed = escaped.filter((name) => !hidden.includes(name) && !isNeverFound(name));
  const never = hidden.filter(isNeverFound);
  const resting = hidden.filter((name) => !isNeverFound(name));
  const [first] = renamed;
  const reasons: string[] = [];
  if (never.length > 0) {
    reasons.push(
      `the names of ${never.length} measurements have a backslash before a comma or at their end (${told(never)}), and InfluxDB finds no point of such a measurement, nor does it where they were written`,
    );
  }
  if (resting.length > 0) {
    reasons.push(
      `${tooEscaped(resting)} (${told(resting)}), and no query finds a field of theirs in this shard until a point of it, with the name escaped in the same way, is written into the shard's time: then all of its points are found under the name that they had; a server with \`index-version = "tsi1"\` finds them at once, under these names, with the backslash, and may not find at all what is written so`,
    );
  }
  if (first !== undefined) {
    reasons.push(
      `${tooEscaped(renamed)}, and it has them under other names now, with the backslash (${told(renamed)}): ask for them as \`${quoted(first)}\`; what clients go on to write so, this index may not find at all`,
    );
  }
  return reasons;
}

function tooEscaped({ length }: string[]): string {
  return `clients have escaped more of the names of ${length} measurements than InfluxDB undoes when it restores`;
}
