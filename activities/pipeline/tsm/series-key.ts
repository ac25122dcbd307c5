const FIELD_SEPARATOR = '#!~#';

/**
 * The measurement and the field of a key, as a query names them.
 * @param key each byte is one character
 */
export function measurementAndField(key: string): { measurement: string; field: string } {
  const at = key.indexOf(FIELD_SEPARATOR);
  const series = at < 0 ? key : key.slice(0, at);
  const measurement = /^(?:\\.|[^,])*/s.exec(series)?.[0] ?? '';
  return {
    // Only these two does InfluxDB escape. What else a client has escaped stays so in its files: `req?id\=5`.
    measurement: decoded(measurement.replace(/\\([, ])/g, '$1')),
    field: at < 0 ? '' : decoded(key.slice(at + FIELD_SEPARATOR.length)),
  };
}

function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
