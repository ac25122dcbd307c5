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
  const [first = ''] = renamed;
  return [
    ...(hidden.length > 0
      ? [
          `clients have escaped more of the names of ${hidden.length} measurements than InfluxDB undoes when it restores (${told(hidden)}), and no query finds them there: restore into a server with \`index-version = "tsi1"\`, which has them under these names, with the backslash`,
        ]
      : []),
    ...(renamed.length > 0
      ? [
          `clients have escaped more of the names of ${renamed.length} measurements than InfluxDB undoes when it restores, and it has them under other names now, with the backslash (${told(renamed)}): ask for them as \`${quoted(first)}\``,
        ]
      : []),
  ];
}
