import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { WeaviateClient } from './client.ts';
import type { Connection } from './config.ts';
import type { Complaint } from './failures.ts';

/** What the server says of a backup or a restore. Its times are absent where its version tells none. */
const statusSchema = z.object({
  status: z.string(),
  error: z.string().nullish(),
  path: z.string().nullish(),
  startedAt: z.string().nullish(),
  completedAt: z.string().nullish(),
});
export type JobStatus = z.output<typeof statusSchema>;

/** An access check, every node's consent and a descriptor in the bucket come before the answer. */
const START_PATIENCE_MS = 90_000;

/** The seven routes of `/v1/backups`, for one backend and its overrides. */
export class BackupApi {
  readonly #client: WeaviateClient;
  readonly #connection: Connection;

  constructor(client: WeaviateClient, connection: Connection) {
    this.#client = client;
    this.#connection = connection;
  }

  get server(): string {
    return this.#client.server;
  }

  /** @returns what the server says against it, when it is 422 or 500, which mean too many things to judge here */
  create(body: Record<string, unknown>): Promise<Complaint | undefined> {
    return this.#ask('POST', '', `beginning backup ${String(body['id'])}`, body);
  }

  /** @returns undefined when the server knows of no such backup */
  status(name: string): Promise<JobStatus | undefined> {
    return this.#status(`/${encodeURIComponent(name)}`, `asking for backup ${name}`);
  }

  /** Only signals. One that has ended, or never was, is no error: the server says 204 to nearly everything. */
  async cancel(name: string): Promise<void> {
    await this.#cancel(`/${encodeURIComponent(name)}`, `cancelling backup ${name}`);
  }

  restore(name: string, body: Record<string, unknown>): Promise<Complaint | undefined> {
    const path = `/${encodeURIComponent(name)}/restore`;
    return this.#ask('POST', path, `beginning the restore of backup ${name}`, body);
  }

  restoreStatus(name: string): Promise<JobStatus | undefined> {
    const path = `/${encodeURIComponent(name)}/restore`;
    return this.#status(path, `asking for the restore of backup ${name}`);
  }

  /** Servers before 1.36 cannot: the restore runs to its end. */
  async cancelRestore(name: string): Promise<void> {
    const path = `/${encodeURIComponent(name)}/restore`;
    await this.#cancel(path, `cancelling the restore of backup ${name}`);
  }

  async #ask(
    method: 'POST',
    path: string,
    operation: string,
    json: Record<string, unknown>,
  ): Promise<Complaint | undefined> {
    const answer = await this.#client.jsonOr({
      method,
      path: this.#path(path),
      operation,
      json,
      accept: [404, 422, 500],
      patienceMs: START_PATIENCE_MS,
    });
    return 'value' in answer ? undefined : answer;
  }

  async #status(path: string, operation: string): Promise<JobStatus | undefined> {
    const answer = await this.#client.jsonOr({
      method: 'GET',
      path: this.#path(path),
      query: this.#overrides(),
      operation,
      accept: [404],
    });
    if (!('value' in answer)) {
      if (!/^path .* was not found/.test(answer.message)) return undefined;
      throw this.#strange(operation);
    }
    const result = statusSchema.safeParse(answer.value);
    if (result.success) return result.data;
    throw this.#strange(operation);
  }

  async #cancel(path: string, operation: string): Promise<void> {
    const response = await this.#client.send({
      method: 'DELETE',
      path: this.#path(path),
      query: this.#overrides(),
      operation,
      accept: [404, 405, 422],
    });
    await response.discard();
  }

  #path(rest: string): string {
    return `/v1/backups/${this.#connection.backend}${rest}`;
  }

  #overrides(): Record<string, string | undefined> {
    const { bucket, path } = this.#connection;
    return { bucket, path };
  }

  #strange(operation: string): HoldfastError {
    return new HoldfastError(
      'WRONG_SERVER',
      `${this.#client.server}: ${operation} failed: it does not answer as Weaviate does.`,
    );
  }
}
