import { styleText } from 'node:util';
import { humanDuration } from '../../client/terminal/figures.ts';

/** The demo's words: numbered steps with what came of each and how long it took, and a moving line where a person watches. */
export class Narration {
  readonly #moving = process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  readonly #colours = this.#moving && !process.env['NO_COLOR'];
  #steps = 0;
  #current = '';

  title(text: string): void {
    process.stdout.write(`\n  ${this.#bold(text)}\n\n`);
  }

  /** Runs one step, and tells what came of it: one line, or more. */
  async step<T>(
    name: string,
    work: (moving: (text: string) => void) => Promise<T>,
    inWords: (result: T) => string[],
  ): Promise<T> {
    this.#steps += 1;
    this.#current = `  ${String(this.#steps).padStart(2)}  ${this.#bold(name.padEnd(10))}`;
    const startedAt = Date.now();
    this.#move('…');
    const result = await work((text) => this.#move(text));
    const [first = '', ...more] = inWords(result);
    const took = this.#dim(humanDuration(Date.now() - startedAt));
    this.#erase();
    process.stdout.write(`${this.#current}  ${first}  ${took}\n`);
    for (const line of more) process.stdout.write(`${' '.repeat(18)}${line}\n`);
    return result;
  }

  /** A line that stays, from within a step. */
  remark(text: string): void {
    this.#erase();
    process.stdout.write(`      ${this.#dim(text)}\n`);
  }

  list(title: string, pairs: [name: string, value: string][]): void {
    const width = Math.max(...pairs.map(([name]) => name.length));
    process.stdout.write(`\n  ${this.#bold(title)}\n\n`);
    for (const [name, value] of pairs) {
      process.stdout.write(`      ${this.#dim(name.padEnd(width))}  ${value}\n`);
    }
  }

  say(text: string): void {
    process.stdout.write(`\n  ${text}\n`);
  }

  failure(message: string, hint: string): void {
    this.#erase();
    process.stderr.write(`\n  ${this.#bold('The demo stopped:')} ${message}\n  ${hint}\n`);
  }

  #move(text: string): void {
    if (!this.#moving) return;
    this.#erase();
    const room = Math.max(20, (process.stdout.columns ?? 80) - 18);
    process.stdout.write(`${this.#current}  ${text.slice(0, room)}`);
  }

  #erase(): void {
    if (this.#moving) process.stdout.write('\r\u001b[2K');
  }

  #bold(text: string): string {
    return this.#colours ? styleText('bold', text) : text;
  }

  #dim(text: string): string {
    return this.#colours ? styleText('dim', text) : text;
  }
}
