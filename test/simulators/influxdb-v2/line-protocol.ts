import {
  type Columns,
  FIELD_SEPARATOR,
  TYPE,
  type TypeNumber,
  type Value,
} from './bytes/points.ts';

const SCALE: Record<string, bigint> = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n };

/** Points by second, because shards are chosen by time. Throws the server's own sentence. */
export function parseLines(
  text: string,
  precision: string,
): { seconds: number; columns: Columns }[] {
  const scale = SCALE[precision];
  if (scale === undefined) {
    throw new Error(
      `invalid precision "${precision}" (valid precision units are ns, us, ms, and s)`,
    );
  }
  const arrival = BigInt(Date.now()) * 1_000_000n;
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => parseLine(line, scale, arrival));
}

function parseLine(line: string, scale: bigint, arrival: bigint) {
  const [series = '', fields, timestamp] = splitOutside(line.trimEnd(), ' ');
  if (!fields) throw new Error(`unable to parse '${line}': missing fields`);
  const time = timestamp === undefined ? arrival : BigInt(timestamp) * scale;
  const [measurement = '', ...tags] = splitOutside(series, ',');
  const key = [measurement, ...tags.toSorted()].join(',');
  const columns: Columns = new Map();
  for (const field of splitOutside(fields, ',')) {
    const [name = '', value] = splitOutside(field, '=');
    if (value === undefined) throw new Error(`unable to parse '${line}': invalid field format`);
    const { type, value: parsed } = parseValue(value, line);
    columns.set(`${key}${FIELD_SEPARATOR}${unescape(name)}`, {
      type,
      points: new Map([[time, parsed]]),
    });
  }
  return { seconds: Number(time / 1_000_000_000n), columns };
}

function parseValue(text: string, line: string): { type: TypeNumber; value: Value } {
  if (text.startsWith('"')) {
    return { type: TYPE.string, value: text.slice(1, -1).replace(/\\(["\\])/g, '$1') };
  }
  if (/^(t|T|true|True|TRUE)$/.test(text)) return { type: TYPE.boolean, value: true };
  if (/^(f|F|false|False|FALSE)$/.test(text)) return { type: TYPE.boolean, value: false };
  if (/^-?\d+i$/.test(text)) return { type: TYPE.integer, value: BigInt(text.slice(0, -1)) };
  if (/^\d+u$/.test(text)) return { type: TYPE.unsigned, value: BigInt(text.slice(0, -1)) };
  const number = Number(text);
  if (text === '' || Number.isNaN(number)) {
    throw new Error(`unable to parse '${line}': invalid number`);
  }
  return { type: TYPE.float, value: number };
}

/** Splits at a separator that is neither escaped nor within quotes. */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') quoted = !quoted;
    else if (text[i] === separator && !quoted) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}

export function unescape(text: string): string {
  return text.replace(/\\([ ,=])/g, '$1');
}
