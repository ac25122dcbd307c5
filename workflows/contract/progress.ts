export interface Warning {
  /** SCREAMING_SNAKE, stable. */
  code: string;
  message: string;
  subject?: string | undefined;
}

/** The answer to the query `progress` (docs/formats.md). Sizes in bytes, times in RFC 3339 UTC. */
export interface Progress {
  phase: string;
  waitingFor?: string;
  /** What the product says of its own job, in its own words. */
  product?: string;
  /** Delegated: the bytes of the backup lie beside the database alone until the workflow named here has ended. */
  sameFailureDomain?: { copy: string };
  artifacts: { done: number; total: number };
  bytes: { done: number; total?: number };
  bytesPerSecond: number;
  eta?: string;
  startedAt: string;
  attempt?: number;
  lastError?: string;
  warnings: Warning[];
  cancellable: true | 'until commit' | false;
}

/** What a running activity tells its workflow, and Temporal in its heartbeats. All figures are of this activity alone. */
export interface Figures {
  /** The activity id: figures of one activity replace its earlier ones. */
  activity: string;
  artifacts: number;
  bytes: number;
  attempt: number;
  /** What the product says of its own job. */
  product?: string;
  /** What the attempt before, or this one, failed with. One sentence, without secrets. */
  lastError?: string;
}
