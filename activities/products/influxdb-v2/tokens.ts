import { HoldfastError } from '../../failure.ts';
import { readSecret, Secret } from '../../secrets.ts';
import type { SecretReference } from '../../../workflows/contract/snapshot.ts';
import type { InfluxClient } from './client.ts';
import type { Connection } from './config.ts';
import { requireOperator } from './preflight.ts';

export interface TokenOptions {
  target: string;
  connection: Connection;
  /** The target that the backup was taken from: a full restore brings its tokens along. */
  source?: { target: string; token: SecretReference } | undefined;
}

/**
 * The tokens that a full restore said in its answer, by server. They are in no configuration, so they live as long as
 * this process and no longer.
 */
const told = new Map<string, Secret>();
export const ANSWERED = 'the token of the answer';

interface Candidate {
  /** For people: `the token of target metrics`. */
  name: string;
  /** The configuration of the target names it. */
  own: boolean;
  token: Secret;
}

/** Finds a token that the server takes, before and after a full restore has replaced them all. */
export class Tokens {
  readonly #client: InfluxClient;
  readonly #options: TokenOptions;
  #working: Candidate | undefined;

  constructor(client: InfluxClient, options: TokenOptions) {
    this.#client = client;
    this.#options = options;
  }

  get target(): string {
    return this.#options.target;
  }

  /** The configured token, read afresh each time, so that a rotated one counts at once. */
  async configured(): Promise<Secret> {
    const { connection, target } = this.#options;
    return readSecret(connection.token, `the token of target ${target}`);
  }

  /**
   * The configured token, or the first other one that the server takes where it does not take that: it may have been
   * restored since. Read afresh each time, too.
   */
  async current(): Promise<Secret> {
    const configured = await this.configured();
    const others = (await this.candidates()).slice(1);
    if (others.length === 0) return configured;
    this.#working ??= await this.#find();
    const { name } = this.#working;
    return others.find((one) => one.name === name)?.token ?? configured;
  }

  /** Where no token of the target's own configuration works any more: the name of the one that does. */
  async strange(): Promise<string | undefined> {
    await this.operatorAfter();
    return this.#working?.own === false ? this.#working.name : undefined;
  }

  /** What the server answered to a full restore; before 2.9 an operator token. */
  learn(token: string): void {
    if (token !== '') told.set(this.#client.server, new Secret(token));
  }

  /**
   * An operator token that the server takes now, be it before or after a full restore. `afresh` where the one that
   * worked may have been replaced meanwhile.
   * @throws AUTH_REJECTED or PERMISSION_MISSING of the likeliest one when none is taken
   */
  async operator({ afresh = false } = {}): Promise<Secret> {
    if (afresh) this.#working = undefined;
    this.#working ??= await this.#find();
    return this.#working.token;
  }

  /** The same, where a full restore has surely begun. @throws TOKEN_AFTER_RESTORE */
  async operatorAfter(options?: { afresh: boolean }): Promise<Secret> {
    try {
      return await this.operator(options);
    } catch (cause) {
      if (!isRejection(cause)) throw cause;
      const names = (await this.candidates()).map(({ name }) => name).join(', ');
      throw new HoldfastError(
        'TOKEN_AFTER_RESTORE',
        `${this.#client.server} has been restored, and takes none of the tokens that may be its operator's now: ${names}.`,
        { cause },
      );
    }
  }

  /** Every token that may be the right one after a full restore, likeliest first; those that are not set are left out. */
  async candidates(): Promise<Candidate[]> {
    const { connection, source, target } = this.#options;
    const references: [string, SecretReference | undefined, boolean][] = [
      [`the token of target ${target}`, connection.token, true],
      [`tokenAfterRestore of target ${target}`, connection.tokenAfterRestore, true],
    ];
    // The same target has the same token: it is not asked twice, nor named twice.
    if (source?.target !== target) {
      references.push([`the token of target ${source?.target}`, source?.token, false]);
    }
    const found: Candidate[] = [];
    for (const [name, reference, own] of references) {
      if (reference === undefined) continue;
      const token = await readSecret(reference, name).catch(onlyMissing);
      if (token) found.push({ name, token, own });
    }
    const answered = told.get(this.#client.server);
    if (answered) found.push({ name: ANSWERED, token: answered, own: false });
    return found;
  }

  async #find(): Promise<Candidate> {
    const candidates = await this.candidates();
    if (candidates.length === 0) {
      const name = `the token of target ${this.target}`;
      return { name, token: await this.configured(), own: true };
    }
    let first: unknown;
    for (const candidate of candidates) {
      try {
        await requireOperator(this.#client, candidate.token);
        return candidate;
      } catch (error) {
        if (!isRejection(error)) throw error;
        first ??= error;
      }
    }
    throw first;
  }
}

function isRejection(error: unknown): boolean {
  return (
    error instanceof HoldfastError &&
    (error.code === 'AUTH_REJECTED' || error.code === 'PERMISSION_MISSING')
  );
}

function onlyMissing(error: unknown): undefined {
  if (error instanceof HoldfastError && error.code === 'SECRET_MISSING') return undefined;
  throw error;
}
