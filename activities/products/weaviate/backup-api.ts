import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { WeaviateClient } from './client.ts';
import type { Connection } from './config.ts';
import { failure, inItsPlace, isItsOwn, refusal, type Complaint } from './failures.ts';

/** What the server says of a backup or a restore. Its times are absent where its version tells none. */
const statusSchema = z.object({
  status: z.string(),
  error: z.string().nullish(),
  path: z.string().nullish(),
  startedAt: z.string().nullish(),
  completedAt: z.string().nullish(),
});
export type JobStatus = z.output<typeof statusSchema>;

/** A server that fails inside answers 200 all the same, without a body. */
const acceptedSchema = z.object({ id: z.string(), status: z.string() });

/** An access check, every node's consent and a descriptor in the bucket come before the answer. */
const START_PATIENCE_MS = 90_000;

/** A folder that nobody makes. */
const NOTHING = 'holdfast-asks-for-nothing';

/** What a status is refused for that asking again does not heal. */
const FINAL_STATUS = /invalid backup id|no backup backend|did you enable the right module/;

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

  /**
   * @returns undefined when the server knows of no such backup
   * @throws TARGET_BUSY when something else answers in its place, TARGET_ERROR when it cannot look
   */
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

  /**
   * What the server that answers knows by itself: it looks into its memory first, and here nothing lies in the place into
   * which it looks then. Servers that know no `path` look at the usual one.
   * @returns undefined when it does not say
   */
  async rememberedRestore(name: string): Promise<JobStatus | 'nothing' | undefined> {
    const { bucket, path, storage, backend } = this.#connection;
    const local = backend === 'filesystem' && storage.type === 'directory' ? storage.path : '';
    const root = path ?? (storage.type === 's3' ? storage.prefix : local);
    const answer = await this.#client.jsonOr({
      method: 'GET',
      path: this.#path(`/${encodeURIComponent(name)}/restore`),
      query: { bucket, path: root ? `${root}/${NOTHING}` : NOTHING },
      operation: `asking what it remembers of the restore of backup ${name}`,
      accept: [400, 403, 404, 405, 422, 500],
    });
    if ('value' in answer) return statusSchema.safeParse(answer.value).data;
    return answer.status === 404 && answer.form === 'handler' ? 'nothing' : undefined;
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
    if (!('value' in answer)) return answer;
    if (acceptedSchema.safeParse(answer.value).success) return undefined;
    throw new HoldfastError(
      'TARGET_ERROR',
      `${this.server}: ${operation} failed: HTTP 200 that does not say what was begun, as when the server failed while it answered.`,
    );
  }

  async #status(path: string, operation: string): Promise<JobStatus | undefined> {
    const answer = await this.#client.jsonOr({
      method: 'GET',
      path: this.#path(path),
      query: this.#overrides(),
      operation,
      accept: [404, 422],
    });
    if (!('value' in answer)) {
      // Only a handler of the server looked, and always says what it did not find.
      if (answer.status === 404 && answer.form === 'handler') return undefined;
      throw this.#unknown(answer, operation);
    }
    const result = statusSchema.safeParse(answer.value);
    if (result.success) return result.data;
    throw this.#strange(operation);
  }

  async #cancel(path: string, operation: string): Promise<void> {
    const answer = await this.#client.jsonOr({
      method: 'DELETE',
      path: this.#path(path),
      query: this.#overrides(),
      operation,
      accept: [404, 405, 422],
    });
    if ('value' in answer || answer.status !== 404 || isItsOwn(answer)) return;
    throw inItsPlace(answer, this.server, operation);
  }

  #unknown(complaint: Complaint, operation: string): HoldfastError {
    const { status, message, form } = complaint;
    if (status === 404) {
      if (/^path .* was not found/.test(message)) return this.#strange(operation);
      return inItsPlace(complaint, this.server, operation);
    }
    // Before 1.37.10 and 1.38.2 also said while the server does not reach its storage.
    if (form !== 'handler' || FINAL_STATUS.test(message)) {
      return refusal(complaint, this.server, operation);
    }
    return failure('TARGET_ERROR', complaint, this.server, operation, 'the server could not look');
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
