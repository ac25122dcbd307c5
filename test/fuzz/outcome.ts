import { HoldfastError } from '../../activities/failure.ts';
import { FormatFault } from '../../activities/pipeline/formats/format-fault.ts';
import { TsmFault } from '../../activities/pipeline/tsm/tsm-fault.ts';

/** What came of reading a file: what it holds, or nothing because it was refused. */
export type Outcome<T> = { accepted: T } | undefined;

/** A refusal is a failure that was meant; whatever else is thrown is a crash, and stays one. */
export async function outcomeOf<T>(read: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { accepted: await read() };
  } catch (error) {
    const meant = [FormatFault, TsmFault, HoldfastError].some((kind) => error instanceof kind);
    if (!meant || (error instanceof HoldfastError && error.code === 'INTERNAL')) throw error;
    return undefined;
  }
}
