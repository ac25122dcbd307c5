import { createHash } from 'node:crypto';

/** A manifest that tells when a bit of it has turned: nothing else vouches for it as it does for all the rest. */
export function withDigest<T extends object>(manifest: T): T & { digest: string } {
  return { ...manifest, digest: digestOf(manifest) };
}

/** Of a manifest as it was read, before anything else is believed of it. Absent: it never had one. */
export function digestAgrees(raw: object): boolean {
  return !('digest' in raw) || raw.digest === digestOf(raw);
}

/** SHA-256 of its compact JSON, in the order of its fields, without the digest itself. */
function digestOf(manifest: object): string {
  const { digest: _, ...rest } = manifest as { digest?: unknown };
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
}
