/**
 * The header that tells the server's clock has whole seconds and is older by the way that it came, many of the server's
 * times have whole seconds, too, and clocks are set now and then.
 */
const SLACK_MS = 5_000;

/** How far the server's clock is from ours, which matters where its times say what is our own work. */
export class ServerClock {
  #aheadMs = 0;

  look(date: string | undefined): void {
    const time = date === undefined ? Number.NaN : Date.parse(date);
    if (!Number.isNaN(time)) this.#aheadMs = time - Date.now();
  }

  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  /**
   * Whether what the server says to be of `time` may be of the moment `since` of our clock, or later. Wrong for what is
   * older by the slack only: whoever asks must know that by other means.
   */
  mayBeSince(time: string, since: Date, slackMs = SLACK_MS): boolean {
    const printed = Date.parse(time);
    return printed >= since.getTime() + this.#aheadMs - slackMs;
  }
}
