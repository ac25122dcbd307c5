/** As much of a line of line protocol as a table of rows needs. */
export interface Point {
  table: string;
  /** Table and tags: what a point is of. */
  series: string;
  time: bigint;
  line: string;
}

/** @throws Error in the words of a parser */
export function parseLine(line: string, now: bigint): Point {
  const found = /^((?:\\.|[^ ,\\])+)((?:,(?:\\.|[^ \\])+)?) (\S.*?)(?: (-?\d+))?$/.exec(line);
  if (!found) throw new Error(`Could not parse entire line. Found trailing content: '${line}'`);
  const [, table = '', tags = '', , time] = found;
  const name = table.replaceAll(/\\(.)/g, '$1');
  return { table: name, series: name + tags, time: time === undefined ? now : BigInt(time), line };
}
