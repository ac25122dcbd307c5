import type { Operation } from '../../workflows/contract/names.ts';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import type { Stage } from '../faults/stage.ts';
import type { Step } from '../support/death-wish.ts';
import type { Ledger } from './ledger.ts';
import type { Asked } from './draw.ts';
import type { Random } from './prng.ts';

/** What clients see of a database: by the name of a bucket, class or the like, a digest of what is in it. */
export type Contents = ReadonlyMap<string, string>;

/** Something that goes wrong in a server, for a while. */
export interface Fault {
  name: string;
  begin(): void | Promise<void>;
  /** Where it does not end by itself, and would outlast the time that was drawn. */
  end?(): void | Promise<void>;
  /** A run may end on account of it: it is not one of those that pass. */
  ends?: boolean;
  /** What lies in a store seems to be damaged. */
  damages?: boolean;
}

export interface AskedRestore {
  name: string;
  input: Omit<RestoreRequest, 'target' | 'backup'>;
  /** Takes the place of all that the destination has. */
  whole?: boolean;
  /** What is set aside, under a name that begins with its own and `.replaced-`. */
  replaces?: string[];
  /** What is dropped first, and may be lost where the run ends otherwise than well, and says so. */
  drops?: string[];
  /** No other restore of the same episode can go beside it. */
  alone?: boolean;
  /** What a proven restore of a backup of `source` has brought to the destination. */
  brings(source: Contents): Contents;
}

/** A product under a soak: all that the soak knows of it. Another product is another file that makes one of these. */
export interface World {
  readonly stage: Stage;
  readonly operations: readonly Operation[];
  /** What is backed up. */
  readonly targets: readonly string[];
  /** Those of them with so little patience that any fault may end a run. */
  readonly brittle: readonly string[];
  /** Where restores go: a target that nothing else is done to. */
  readonly destination: string;
  /** Where workers may die or freeze, by what they are at. */
  readonly steps: Partial<Record<Operation, readonly Step[]>>;
  /** Those of them at which something was created that a cancel has to remove. */
  begun?(operation: Operation, target: string): readonly Step[];
  /** Temporal is away for so long. Not where others use it, too. */
  outage?(forMs: number): Promise<void>;
  contents(target: string): Promise<Contents>;
  /** Changes what is in the sources. */
  write(random: Random): Promise<void>;
  restore(random: Random, name: string): AskedRestore;
  /** Of a backup of the destination, into itself. */
  restoreHome?(random: Random, name: string): AskedRestore;
  /** What people do to runs, too. */
  readonly intrusions?: readonly ('reset' | 'doctor')[];
  /** @param asked what it may strike */
  fault(random: Random, asked: readonly Pick<Asked, 'operation' | 'target'>[]): Fault;
  /** Everything takes its time, until `calm`. */
  slow(): void;
  /** Of what the product wrote by itself: what should be there and is not, and what should not and is. */
  storageProblems?(ledger: Ledger): Promise<string[]>;
  /** Ends every fault. */
  calm(): void | Promise<void>;
  /** Makes the destination what it was at first. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export async function sourcesOf(world: World): Promise<ReadonlyMap<string, Contents>> {
  const all = world.targets.map(async (target) => [target, await world.contents(target)] as const);
  return new Map(await Promise.all(all));
}
