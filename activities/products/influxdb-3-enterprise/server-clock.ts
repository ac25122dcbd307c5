/** Below it, the difference may come from the header itself, which has whole seconds, or from the way. */
const NEGLIGIBLE_MS = 2_000;

/** How far the server's clock is from ours, which matters where its times say what is our own work. */
export class ServerClock {
  #aheadMs = 0;

  look(date: string | undefined): void {
    const time = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(time)) return;
    const ahead = time - Date.now();
    this.#aheadMs = Math.abs(ahead) < NEGLIGIBLE_MS ? 0 : ahead - 1_000;
  }

  /** Whether the server printed `time` at or after the moment `since` of our clock. */
  isSince(time: string, since: Date): boolean {
    const printed = Date.parse(time);
    if (Number.isNaN(printed)) return false;
    const earliest = since.getTime() + this.#aheadMs;
    return printed >= (time.includes('.') ? earliest : Math.floor(earliest / 1_000) * 1_000);
  }
}
