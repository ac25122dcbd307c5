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

/** Finds a token that the server takes, before and after a full restore has replaced them all. */
export class Tokens {
  readonly #client: InfluxClient;
  readonly #options: TokenOptions;
  #working: Secret | undefined;

  constructor(client: InfluxClient, options: TokenOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** The configured token, read afresh each time, so that a rotated one counts at once. */
  async configured(): Promise<Secret> {
    const { connection, target } = this.#options;
    return readSecret(connection.token, `the token of target ${target}`);
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
    return this.#working;
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
  async candidates(): Promise<{ name: string; token: Secret }[]> {
    const { connection, source, target } = this.#options;
    const references: [string, SecretReference | undefined][] = [
      [`the token of target ${target}`, connection.token],
      [`tokenAfterRestore of target ${target}`, connection.tokenAfterRestore],
      [`the token of target ${source?.target}`, source?.token],
    ];
    const found: { name: string; token: Secret }[] = [];
    for (const [name, reference] of references) {
      if (reference === undefined) continue;
      const token = await readSecret(reference, name).catch(onlyMissing);
      if (token) found.push({ name, token });
    }
    const answered = told.get(this.#client.server);
    if (answered) found.push({ name: 'the token of the answer', token: answered });
    return found;
  }

  async #find(): Promise<Secret> {
    const candidates = await this.candidates();
    if (candidates.length === 0) return this.configured();
    let first: unknown;
    for (const { token } of candidates) {
      try {
        await requireOperator(this.#client, token);
        return token;
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
