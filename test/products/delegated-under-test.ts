import type { DelegatedProduct } from '../../activities/products/delegated.ts';
import type { FailureCode } from '../../workflows/contract/failures.ts';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';

/** A server that writes its backups by itself, real or simulated, as the suite needs it. Units are what it keeps apart: classes, databases. */
export interface DelegatedWorld extends AsyncDisposable {
  readonly url: string;
  /** Every secret that its use involves. */
  readonly secrets: string[];
  /** The `connection` of a target that may do everything; `url` when it is reached by another way. */
  connection(url?: string): Record<string, unknown>;
  /** With credentials that the server has never heard of. */
  strangeConnection(): Record<string, unknown>;
  /** With credentials that are known, and not enough. */
  weakConnection(): Promise<Record<string, unknown>>;

  /** Adds data to a unit, and the unit where it is not there. Another seed adds other data. */
  seed(unit: string, seed: string): Promise<void>;
  /** Removes a unit with all its data. */
  destroy(unit: string): Promise<void>;
  /** Takes or changes one thing in a unit, as a bad restore would have left it. */
  corrupt(unit: string): Promise<void>;
  /** Everything that people see of a unit, in a form that is equal when that is equal; undefined when it is not there. */
  contents(unit: string): Promise<unknown>;
  /** Names of all units, in order. */
  units(): Promise<string[]>;
  /** Names of the backups that the product itself knows of, in order, whatever their state. */
  backups(): Promise<string[]>;

  /** What may befall the product. What a real server cannot be made to do is absent: those cases are skipped. */
  readonly faults: Partial<DelegatedFaults>;
}

export type AnswerOf = 'start' | 'cancel' | 'restore' | 'restoreCancel';

export interface DelegatedFaults {
  /** The next such call is carried out, and its answer is lost. */
  loseAnswer(call: AnswerOf): void;
  /** The next such call is lost before anything was done. */
  loseRequest(call: AnswerOf): void;
  /** Jobs that begin from now on do not end by themselves, until `release`. */
  holdJobs(): void;
  /** Lets every job end, now and later. */
  release(): void;
  /** The next backup ends as failed. */
  failBackup(): void;
  /** The next restore ends as failed. */
  failRestore(): void;
  /** The next restore says that it succeeded, and something is missing or different. */
  spoilRestore(): void;
  /** Every call is answered 503, until called again with false. */
  unavailable(now: boolean): void;
}

export interface DelegatedUnderTest {
  product: DelegatedProduct;
  /** Default: 20 seconds. What a proof is given to become visible may be a part of it. */
  stallMs?: number;
  /** A fresh server without data of people, and fresh storage. */
  start(): Promise<DelegatedWorld>;
  /** What can be told of the objects of a finished backup. */
  detects: {
    /** An object that lacks its last bytes; a reason where the product records no sizes or checksums. */
    truncated: true | string;
    /** As what else than BACKUP_INCOMPLETE damage to an object may be told: the product itself trips over it first. */
    also?(key: string): FailureCode[];
  };
  /** Another backup while one runs is refused as TARGET_BUSY; a reason where it is not. */
  oneAtATime: true | string;
  /** Two servers have different identities; a reason where the product tells nothing that differs. */
  identity: true | string;
  restore: {
    /** Brings back everything that the backup holds. */
    everything: Partial<RestoreRequest>;
    /** Brings back one unit and leaves the others; a reason where the product cannot. */
    unit: ((unit: string) => Partial<RestoreRequest>) | string;
    /**
     * `beside`: refuses what is there, brings back what is not, undoes by removing. `rollback`: puts the backup in the
     * place of what is there, and cannot be undone.
     */
    kind: 'beside' | 'rollback';
  };
  /** Methods that need neither server nor storage, as the suite of aborts calls them. */
  silentMethods?: string[];
  /** As the result of a restore names a unit. */
  label(unit: string): string;
}
