/** What an extended header says about the entry after it, as far as a reader of bodies needs it. */
export interface PaxFields {
  path?: string;
  size?: number;
}

/** How a tar is wrong in which such a header stands before the end mark: the entry that it describes was lost. */
export const WITHOUT_ENTRY = 'has an extended header without its entry';

export function isEmpty({ path, size }: PaxFields): boolean {
  return path === undefined && size === undefined;
}

/** @returns undefined when the records are not what they say */
export function parsePax(body: Buffer): PaxFields | undefined {
  const fields: PaxFields = {};
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    if (space < 0) return undefined;
    const digits = body.toString('latin1', at, space);
    const end = at + Number(digits);
    if (!/^\d{1,7}$/.test(digits) || end > body.length || end <= space || body[end - 1] !== 0x0a) {
      return undefined;
    }
    const record = body.toString('utf8', space + 1, end - 1);
    const equals = record.indexOf('=');
    if (equals < 0) return undefined;
    const value = record.slice(equals + 1);
    const key = record.slice(0, equals);
    if (key === 'path') fields.path = value;
    if (key === 'size') {
      const size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(size)) return undefined;
      fields.size = size;
    }
    at = end;
  }
  return fields;
}
