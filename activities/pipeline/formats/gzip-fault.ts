import type { FormatFault } from './format-fault.ts';
import type { TrailingText } from './trailing-text.ts';

/** What zlib says, as a fault of the bytes. */
export function gzipFault(error: Error, tail: TrailingText): FormatFault {
  return 'code' in error && error.code === 'Z_BUF_ERROR'
    ? tail.fault('truncated', 'is a gzip that ends too early')
    : tail.fault('garbled', `is not a sound gzip (${error.message})`);
}
