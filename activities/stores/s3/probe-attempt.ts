import type { ProbeFinding, Store } from '../store.ts';
import type { S3Requests } from './requests.ts';

/** Where abilities are tried. */
export interface Probe {
  store: Store;
  requests: S3Requests;
  bucket: string;
  /** The store's own prefix. */
  prefix: string;
  signal: AbortSignal | undefined;
  failed: (error: unknown, action: string) => unknown;
}

/** Tries one ability, and keeps what came of it. Resolves to whether it is there. */
export type Attempt = (
  ability: string,
  level: ProbeFinding['level'],
  run: () => Promise<string | Noted>,
) => Promise<boolean>;

/** What goes well in another way than one would think. */
interface Noted {
  note: string;
}
