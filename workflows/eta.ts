/** A first byte of terabytes promises millennia, which no date can tell. */
const FORESEEABLE_MS = 365 * 24 * 3_600_000;

/**
 * When a share of the work will have become all of it, at the pace so far: RFC 3339, UTC.
 * @param share from 0 to 1
 * @returns undefined where nothing can be foretold, or nothing is left
 */
export function eta(share: number, elapsedMs: number, now: number): string | undefined {
  const leftMs = (elapsedMs * (1 - share)) / share;
  return leftMs > 0 && leftMs < FORESEEABLE_MS ? new Date(now + leftMs).toISOString() : undefined;
}
