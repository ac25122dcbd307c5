import { settledWithin } from './interruption.ts';

/**
 * Ends a source that is not read to its end. A generator that waits for its own stalled input answers `return` only
 * when that input moves, so it is asked and not waited for.
 */
export async function stopSource(iterator: AsyncIterator<unknown>): Promise<void> {
  const ending = (async () => iterator.return?.())();
  await settledWithin(ending, 200);
}

/** Marks what the source threw, so that it reaches the caller as it is and is not taken for an error of the store. */
export class SourceFailure {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

export async function nextOf(iterator: AsyncIterator<Uint8Array>) {
  try {
    return await iterator.next();
  } catch (error) {
    throw new SourceFailure(error);
  }
}
