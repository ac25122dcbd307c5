import type { z } from 'zod';
import { HttpClient } from '../../http/client.ts';
import { HoldfastError } from '../../failure.ts';
import { readSecret } from '../../secrets.ts';
import type { ProductContext } from '../product.ts';
import { serviceAnswer, taskAnswer, taskState, type Service, type TaskState } from './answers.ts';
import type { Connection } from './config.ts';
import { complaintOf, pauseAsked, refusal, SERVICE_GONE } from './failures.ts';
import { pause } from '../../pause.ts';

/** A rate limit is waited for here, so that a retry of the whole does not begin a backup anew. */
const RATE_LIMIT_TRIES = 10;
const LONGEST_PAUSE_MS = 300_000;
const USUAL_PAUSE_MS = 5_000;

class NotKnown extends Error {}

/** For people: `Aiven service metrics of project acme`. */
export function serverName({ project, service }: Pick<Connection, 'project' | 'service'>): string {
  return `Aiven service ${service} of project ${project}`;
}

/** The control plane, for one service. */
export class AivenClient {
  /** For people: `Aiven service metrics of project acme`. */
  readonly server: string;
  readonly #http: HttpClient;
  readonly #connection: Connection;
  readonly #context: ProductContext;
  readonly #path: string;

  constructor(connection: Connection, context: ProductContext) {
    const { project, service, apiUrl, ca } = connection;
    this.server = serverName(connection);
    this.#connection = connection;
    this.#context = context;
    this.#path = `/v1/project/${encodeURIComponent(project)}/service/${encodeURIComponent(service)}`;
    const { stallMs, signal } = context;
    this.#http = new HttpClient({
      url: apiUrl,
      ca,
      server: this.server,
      connections: 1,
      stallMs,
      signal,
    });
  }

  async service(): Promise<Service> {
    const operation = 'asking for the service';
    const answer = await this.#ask('GET', '', undefined, operation, serviceAnswer);
    return answer.service;
  }

  /** Has the service begin a backup, which replaces the one it has. */
  async createBackup(name: string): Promise<TaskState> {
    const body = { task_type: 'create_user_backup', create_user_backup: { backup_name: name } };
    const operation = 'requesting a backup';
    return taskState(await this.#ask('POST', '/task', body, operation, taskAnswer));
  }

  /** @returns undefined when the service does not know the task */
  async task(id: string): Promise<TaskState | undefined> {
    const operation = 'asking for the backup task';
    const path = `/task/${encodeURIComponent(id)}`;
    try {
      return taskState(await this.#ask('GET', path, undefined, operation, taskAnswer));
    } catch (error) {
      if (error instanceof NotKnown) return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #ask<T>(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    operation: string,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const token = await readSecret(
      this.#connection.token,
      `the token of target ${this.#context.target}`,
    );
    for (let tries = 1; ; tries += 1) {
      const response = await this.#http.request({
        method,
        path: this.#path + path,
        operation,
        headers: {
          authorization: `aivenv1 ${token.reveal()}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text(16 * 1024 * 1024);
      if (response.status < 300) return this.#parsed(text, schema, operation);
      const message = complaintOf(text);
      const known = response.status !== 404 || SERVICE_GONE.test(message);
      if (path.startsWith('/task/') && !known) throw new NotKnown();
      if (response.status !== 429 || tries === RATE_LIMIT_TRIES) {
        throw refusal(this.server, operation, response.status, message);
      }
      const asked = pauseAsked(message, response.header('retry-after')) ?? USUAL_PAUSE_MS;
      await pause(Math.min(asked, LONGEST_PAUSE_MS), this.#context.signal);
    }
  }

  #parsed<T>(text: string, schema: z.ZodType<T>, operation: string): T {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    const error = typeof value === 'object' && value !== null && 'error' in value && value.error;
    const parsed = schema.safeParse(value);
    if (parsed.success && !error) return parsed.data;
    const what = error ? `it says "${complaintOf(text)}"` : 'the answer is none of the API';
    throw new HoldfastError(
      error ? 'TARGET_ERROR' : 'WRONG_SERVER',
      `${this.server}: ${operation} failed: ${what}.`,
    );
  }
}
