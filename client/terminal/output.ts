import { stripVTControlCharacters, styleText } from 'node:util';
import type { HoldfastError } from '../../activities/failure.ts';

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/**
 * All that the command prints. Results go to stdout, events and questions to stderr; with `--json` stdout carries JSON
 * alone, one object per line for events and one for the result.
 */
export class Output {
  readonly json: boolean;
  /** A person watches: a progress bar may be drawn, questions may be asked. */
  readonly interactive: boolean;
  #transient = 0;

  constructor(options: { json: boolean }) {
    this.json = options.json;
    this.interactive = !options.json && process.stderr.isTTY && process.stdin.isTTY;
  }

  /** Of tables: whatever reads them from a pipe wants them whole. */
  get tableWidth(): number {
    return process.stdout.isTTY ? this.width : Number.POSITIVE_INFINITY;
  }

  get width(): number {
    return Math.max(40, process.stdout.columns ?? process.stderr.columns ?? 80);
  }

  /** The result: one JSON object, or lines for people. */
  result(object: object, lines: string[]): void {
    this.clear();
    if (this.json) this.#jsonLine(object);
    else if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  }

  /** Something that happened on the way. */
  event(object: { event: string } & Record<string, unknown>, line: string): void {
    this.clear();
    if (this.json) this.#jsonLine({ time: new Date().toISOString(), ...object });
    else process.stderr.write(`${line}\n`);
  }

  /** A remark for people only. */
  remark(line: string): void {
    if (this.json) return;
    this.clear();
    process.stderr.write(`${line}\n`);
  }

  /** A line of a log: on stderr, also with `--json`. */
  log(line: string): void {
    this.clear();
    process.stderr.write(`${line}\n`);
  }

  /** Lines that the next output replaces. Only where a person watches. */
  live(lines: string[]): void {
    if (!this.interactive) return;
    this.clear();
    process.stderr.write(`${lines.join('\n')}\n`);
    this.#transient = lines.length;
  }

  clear(): void {
    if (this.#transient > 0) process.stderr.write(`\u001b[${this.#transient}A\u001b[0J`);
    this.#transient = 0;
  }

  error(error: HoldfastError): void {
    this.clear();
    const { code, message, hint } = error;
    if (this.json) return this.#jsonLine({ error: { code, message, hint } });
    const label = this.style(['bold', 'red'], `${code}:`);
    process.stderr.write(
      `${label} ${printable(message)}\n${this.style(['dim'], printable(hint))}\n`,
    );
  }

  /** @param to where it will be written */
  style(styles: Style[], text: string, to: { isTTY?: boolean } = process.stderr): string {
    if (!to.isTTY || process.env.NO_COLOR || process.env.TERM === 'dumb') return text;
    return styleText(styles, text);
  }

  #jsonLine(object: object): void {
    process.stdout.write(`${JSON.stringify(object)}\n`);
  }
}

/** Messages may quote what a server sent: it must not steer the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
