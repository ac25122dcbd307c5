import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from './clock.ts';
import type { Account, Cluster, ClusterNode } from './cluster.ts';
import type { Profile } from './profiles.ts';
import type { SeenRequest } from './simulator.ts';
import type { BackupStorage } from './storage/storage.ts';
import type { Switches } from './switches.ts';

/** What every part of the server knows. */
export interface World {
  cluster: Cluster;
  switches: Switches;
  profile: Profile;
  storage: BackupStorage;
  clock: Clock;
  /** Who may come in; undefined: everybody, and everything is allowed. */
  accounts: Account[] | undefined;
  /** Whether it has roles, as a server with keys may. */
  roles: boolean;
  /** With what the links of references begin, as ORIGIN says. */
  origin: string;
  /** A chunk of a backup is begun when the last one has so many bytes. */
  chunkBytes: number;
  /** Work that goes on when the answer has been given. */
  background(work: Promise<void>): void;
}

/** One request and all that is needed to answer it. */
export interface Exchange {
  world: World;
  /** Who was asked. */
  node: ClusterNode;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** The name of the call: `create`, `status`… */
  call: string;
  /** The variable parts of the path. */
  parts: string[];
  caller: Account | undefined;
  seen: SeenRequest;
}

/** A failure as the server puts it, in one of its two forms. */
export class Refusal extends Error {
  readonly status: number;
  /** Present: `{code, message}`; absent: `{error: [{message}]}`. */
  readonly code: number | undefined;

  constructor(status: number, message: string, code?: number) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get body(): unknown {
    return this.code === undefined
      ? { error: [{ message: this.message }] }
      : { code: this.code, message: this.message };
  }
}

/** What the validation of requests answers: HTTP 422 and a code of its own. */
export const INVALID = { type: 601, required: 602, enum: 606, most: 608, least: 609 } as const;

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

export function sendNothing(response: ServerResponse, status: number): void {
  response.writeHead(status);
  response.end();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Bodies are what our own clients send: their shapes are stated, not checked. */
export async function readJson<T extends object>(exchange: Exchange): Promise<Partial<T>> {
  const text = await readBody(exchange.request);
  const [type] = (exchange.request.headers['content-type'] ?? 'application/json').split(';');
  if (type !== 'application/json' && text !== '') {
    const known = 'only [application/json application/yaml] are allowed';
    throw new Refusal(415, `unsupported media type "${type}", ${known}`, 415);
  }
  if (text.trim() === '') throw new Refusal(422, 'body in body is required', INVALID.required);
  try {
    const body = JSON.parse(text) as Partial<T>;
    if (exchange.url.pathname.startsWith('/v1/backups/')) exchange.seen.body = body;
    return body;
  } catch {
    throw new Refusal(
      400,
      'parsing body body from "" failed, because invalid character looking for beginning of value',
      400,
    );
  }
}
