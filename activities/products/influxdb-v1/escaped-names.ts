import { told } from '../../few.ts';
import { quoted } from './client.ts';

/**
 * Whether a client has escaped more of a measurement's name than commas and blanks. Its server knows `req?id\=5` as
 * `req?id=5`, and its files as it was written. A server that gets the files finds no fields under the one name, or has the
 * measurement under the other: by its index, `inmem` or `tsi1`.
 */
export function isEscaped(measurement: string): boolean {
  return /\\["=]/.test(measurement);
}

/**
 * Reasons why queries may not find what came back: the ends of sentences.
 * @param hidden of which the server finds nothing under the name of the files either
 */
export function tellEscaped(escaped: string[], hidden: string[]): string[] {
  const renamed = escaped.filter((name) => !hidden.includes(name));
  const [first] = renamed;
  const reasons: string[] = [];
  if (hidden.length > 0) {
    reasons.push(
      `${tooEscaped(hidden)} (${told(hidden)}), and no query finds a field of theirs in this shard until a point of it, with the name escaped in the same way, is written into the shard's time: then all of its points are found under the name that they had; a server with \`index-version = "tsi1"\` finds them at once, under these names, with the backslash, and may not find at all what is written so`,
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
