/** As S3 gives it, in quotes or without; services differ even between their own answers. */
export function etagOf(given: string | undefined): { etag?: string } {
  return given ? { etag: given.replace(/^"(.*)"$/, '$1') } : {};
}

export function quoted(etag: string): string {
  return /^(W\/)?"/.test(etag) ? etag : `"${etag}"`;
}
