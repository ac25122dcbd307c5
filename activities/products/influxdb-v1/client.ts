import { z } from 'zod';
import { HttpClient, type HttpResponse } from '../../http/client.ts';
import { HoldfastError } from '../../failure.ts';
import { readSecret } from '../../secrets.ts';
import type { ProductContext } from '../product.ts';
import { snapshotAddress, type Connection } from './config.ts';
import { queryRefusal, statusRefusal } from './failures.ts';
import type { SnapshotAddress } from './snapshot-connection.ts';

const answerSchema = z.object({
  error: z.string().optional(),
  results: z
    .array(
      z.object({
        statement_id: z.number().optional(),
        /** More of this statement comes in the next piece. */
        partial: z.boolean().optional(),
        error: z.string().optional(),
        series: z
          .array(
            z.object({
              name: z.string().optional(),
              tags: z.record(z.string(), z.string()).optional(),
              columns: z.array(z.string()),
              values: z.array(z.array(z.unknown())).optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

type Answer = z.infer<typeof answerSchema>;

export type Row = Record<string, unknown>;

/** A query may read much before it answers. */
const PATIENCE = 10;

/** One InfluxDB 1: its queries, and the address of its snapshot protocol. */
export class InfluxV1Client {
  /** For people: `InfluxDB at http://127.0.0.1:8086`. */
  readonly server: string;
  readonly snapshots: SnapshotAddress;
  readonly #http: HttpClient;
  readonly #patienceMs: number;
  readonly #connection: Connection;
  readonly #target: string;

  constructor(connection: Connection, context: ProductContext, connections: number) {
    const { signal, stallMs, target } = context;
    this.server = `InfluxDB at ${connection.url.replace(/\/$/, '')}`;
    this.#connection = connection;
    this.#target = target;
    this.#patienceMs = stallMs * PATIENCE;
    this.#http = new HttpClient({
      url: connection.url,
      ca: connection.ca,
      server: this.server,
      connections,
      stallMs,
      signal,
    });
    this.snapshots = { ...snapshotAddress(connection), server: this.server, stallMs, signal };
  }

  /** The version that the server tells in a header. @throws WRONG_SERVER */
  async version(): Promise<string> {
    const operation = 'asking for its version';
    const response = await this.#http.request({ method: 'GET', path: '/ping', operation });
    await response.discard();
    const version = response.header('x-influxdb-version');
    if (version !== undefined && response.status < 300) return version.replace(/^v(?=\d)/, '');
    if ([502, 503, 504].includes(response.status)) {
      throw new HoldfastError('TARGET_BUSY', `${this.server} answers HTTP ${response.status}.`);
    }
    throw new HoldfastError(
      'WRONG_SERVER',
      `${this.server}: it does not answer as InfluxDB does (HTTP ${response.status}).`,
    );
  }

  /**
   * The rows of each statement, as objects by column; `measurement` is the name of the series, `tags` are its tags.
   * @throws a translated refusal as soon as one statement fails
   */
  async query(statements: string[], operation: string): Promise<Row[][]> {
    const response = await this.#http.request({
      method: 'POST',
      path: '/query',
      operation,
      patienceMs: this.#patienceMs,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(await this.#login()),
      },
      // An answer in one piece ends, without a word, after as many rows as `max-row-limit` allows.
      body: new URLSearchParams({
        q: statements.join('; '),
        epoch: 'ns',
        chunked: 'true',
      }).toString(),
    });
    const pieces = await this.#parsed(response, operation);
    const [refused] = pieces.flatMap(complaints);
    if (response.status >= 300) {
      throw statusRefusal(this.server, operation, response.status, refused ?? '');
    }
    if (refused !== undefined) throw queryRefusal(this.server, operation, refused);
    const answers = joined(pieces);
    return statements.map((_, at) => {
      const answer = answers.get(at);
      if (answer?.isWhole) return answer.rows;
      throw new HoldfastError(
        'SOURCE_TRUNCATED',
        `${this.server}: ${operation} failed: the answer ends early.`,
        { hint: 'See the log of the database, and that of a proxy before it.' },
      );
    });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #login(): Promise<Record<string, string>> {
    const { username, password } = this.#connection;
    if (username === undefined) return {};
    const secret =
      password && (await readSecret(password, `the password of target ${this.#target}`));
    const pair = Buffer.from(`${username}:${secret?.reveal() ?? ''}`).toString('base64');
    return { authorization: `Basic ${pair}` };
  }

  /** The pieces of an answer, a line each. */
  async #parsed(response: HttpResponse, operation: string): Promise<Answer[]> {
    const text = await response.text();
    try {
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      return z
        .array(answerSchema)
        .min(1)
        .parse(lines.map((line) => JSON.parse(line) as unknown));
    } catch (cause) {
      if (response.status >= 300) return [];
      throw new HoldfastError(
        'WRONG_SERVER',
        `${this.server}: ${operation} failed: the answer is none of InfluxDB.`,
        { cause },
      );
    }
  }
}

function complaints({ error, results = [] }: Answer): string[] {
  return [error, ...results.map((result) => result.error)].filter((one) => one !== undefined);
}

/**
 * By the number of the statement. Of a server that dies in the middle a proxy may pass on what it has got as if it were
 * all; then the last piece of a statement lacks.
 */
function joined(pieces: Answer[]): Map<number, { rows: Row[]; isWhole: boolean }> {
  const answers = new Map<number, { rows: Row[]; isWhole: boolean }>();
  for (const { results = [] } of pieces) {
    for (const [at, { statement_id: id = at, series = [], partial }] of results.entries()) {
      const answer = answers.get(id) ?? { rows: [], isWhole: false };
      answers.set(id, answer);
      for (const one of series) answer.rows.push(...rows(one));
      answer.isWhole = partial !== true;
    }
  }
  return answers;
}

function rows({
  name,
  tags,
  columns,
  values = [],
}: {
  name?: string | undefined;
  tags?: Record<string, string> | undefined;
  columns: string[];
  values?: unknown[][] | undefined;
}): Row[] {
  return values.map((row) => ({
    ...(tags === undefined ? {} : { tags }),
    ...Object.fromEntries(columns.map((column, at) => [column, row[at]])),
    ...(name === undefined ? {} : { measurement: name }),
  }));
}

/** A name as InfluxQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
