import { ServiceError } from '@temporalio/client';
import { HoldfastError } from '../../activities/failure.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { temporalRefusal } from '../temporal/refusal.ts';
import { type Output, printable } from '../terminal/output.ts';

const PATIENCE_MINUTES = 10;

/** While Temporal cannot be asked about a run that is followed: told once, and borne for ten minutes. */
export class Outage {
  readonly #address: string;
  readonly #output: Output;
  readonly #workflowId: string;
  #since: number | undefined;

  constructor({ address }: TemporalSession, output: Output, workflowId: string) {
    this.#address = address;
    this.#output = output;
    this.#workflowId = workflowId;
  }

  /**
   * @param ending the run was asked to end before
   * @throws what is no answer of Temporal's; and what is, when it has answered nothing else for ten minutes
   */
  bear(error: unknown, ending: boolean): void {
    const refusal =
      error instanceof ServiceError
        ? temporalRefusal(error, `Temporal at ${this.#address}`)
        : undefined;
    if (!refusal) throw error;
    if (this.#since === undefined) {
      // Counted from here, not from the last answer: a host that was asleep has not asked for hours.
      this.#since = Date.now();
      const { message } = refusal;
      this.#output.event(
        { event: 'unreachable', address: this.#address, reason: message },
        printable(`${message} Asking again, for up to ${PATIENCE_MINUTES} minutes`),
      );
    } else if (Date.now() - this.#since > PATIENCE_MINUTES * 60_000) {
      throw this.#givenUp(refusal, ending);
    }
  }

  end(): void {
    if (this.#since === undefined) return;
    this.#since = undefined;
    const address = this.#address;
    this.#output.event({ event: 'reachable', address }, 'Temporal answers again');
  }

  #givenUp({ code, message, hint, cause }: HoldfastError, ending: boolean): HoldfastError {
    const goesOn = ending
      ? 'its cancel is recorded, and takes effect.'
      : 'it goes on, without this command.';
    return new HoldfastError(
      code,
      `${message} It has been so for ${PATIENCE_MINUTES} minutes, so the run ${this.#workflowId} is watched no longer; ${goesOn}`,
      { cause, hint: `${hint} Then see the run with: holdfast status ${this.#workflowId}` },
    );
  }
}
