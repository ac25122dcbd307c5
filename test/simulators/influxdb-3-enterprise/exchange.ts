import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cluster, Rights } from './cluster.ts';
import type { Role } from './profiles.ts';
import { strikes, type Switches } from './switches.ts';

export type Call =
  | 'ping'
  | 'health'
  | 'ready'
  | 'query'
  | 'write'
  | 'listDatabases'
  | 'listBackups'
  | 'startBackup'
  | 'cancelBackup'
  | 'getBackup'
  | 'deleteBackup'
  | 'listRestores'
  | 'startRestore'
  | 'getRestore'
  | 'cancelRestore';

export interface NodeSettings {
  name: string;
  role: Role;
  /** A node whose data are still in the engine of before. */
  engine: 'upgraded' | 'parquet';
  /** What it calls itself, as in the middle of an upgrade; by default the version of the cluster. */
  version?: string;
}

/** One request and all that is needed to answer it. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** The variable parts of the path, decoded. */
  parts: string[];
  call: Call | undefined;
  cluster: Cluster;
  node: NodeSettings;
  version: string;
  switches: Switches;
  /** Who asks; absent where no token is needed. */
  rights: Rights | undefined;
}

/** A failure as the server puts it: JSON, or the plain text of a route that is not there. */
export class Refusal extends Error {
  readonly status: number;
  readonly plain: boolean;

  constructor(status: number, message: string, plain = false) {
    super(message);
    this.status = status;
    this.plain = plain;
  }
}

export function noRoute(): Refusal {
  return new Refusal(404, 'not found', true);
}

export function sendJson(exchange: Exchange, status: number, value: unknown): void {
  const { response, switches, call } = exchange;
  if (!strikes(switches, 'noContentType', call)) {
    response.setHeader('Content-Type', 'application/json');
  }
  const empty = strikes(switches, 'emptyBody', call);
  send(exchange, status, empty ? '' : JSON.stringify(value));
}

export function sendRefusal(exchange: Exchange, { status, message, plain }: Refusal): void {
  const { switches, call } = exchange;
  const empty = (status === 401 || status === 403) && strikes(switches, 'emptyRefusal', call);
  // Errors come without a Content-Type.
  if (empty) send(exchange, status, '');
  else send(exchange, status, plain ? message : JSON.stringify({ error: message }));
}

export function send(exchange: Exchange, status: number, body: string): void {
  const { request, response, switches, call } = exchange;
  if (call !== undefined && strikes(switches, 'answerLost', call)) {
    request.socket.destroy();
    return;
  }
  response.statusCode = status;
  response.end(body);
}

export async function readBody(exchange: Exchange): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of exchange.request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Bodies are what clients send: their shapes are stated, and looked at by whoever uses them. */
export async function readJson<T extends object>(exchange: Exchange): Promise<Partial<T>> {
  const text = await readBody(exchange);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Worded below.
  }
  throw new Refusal(
    400,
    `serde json error: ${text === '' ? 'EOF while parsing' : 'expected an object'}`,
  );
}
