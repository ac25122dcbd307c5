import type { CapturedJob } from '../products/product.ts';

/** How long a product's own job may take, where the configuration of an older version does not say it. */
export const JOB_PATIENCE_MS = 24 * 60 * 60 * 1000;

/** A job that nobody watches. */
export const UNWATCHED_JOB: CapturedJob = { patienceMs: JOB_PATIENCE_MS, says: () => undefined };
