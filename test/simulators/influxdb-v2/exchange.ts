import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Profile } from './profiles.ts';
import type { Authorisation, ServerState } from './state.ts';
import type { Switches } from './switches.ts';
import { goJson } from './go-json.ts';

/** One request and all that is needed to answer it. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** The variable parts of the path. */
  parts: string[];
  state: ServerState;
  switches: Switches;
  profile: Profile;
  /** Where large uploads are kept. */
  spool: string;
  /** Who asks; absent where no token is needed. */
  caller: Authorisation | undefined;
  /** The two generations of the server's code print JSON differently. */
  indented: boolean;
}

const STATUS: Record<string, number> = {
  invalid: 400,
  'empty value': 400,
  unauthorized: 401,
  forbidden: 403,
  'not found': 404,
  'method not allowed': 405,
  'request too large': 413,
  conflict: 422,
  'unprocessable entity': 422,
  'too many requests': 429,
  'internal error': 500,
  'not implemented': 501,
  unavailable: 503,
};

/** A failure as the server puts it. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What becomes of any failure the server has no code for. */
export const GENERIC = 'An internal error has occurred - check server logs';

export function sendRefusal(exchange: Exchange, code: string, message: string): void {
  exchange.response.setHeader('X-Platform-Error-Code', code);
  sendJson(exchange, STATUS[code] ?? 500, { code, message });
}

export function sendJson(exchange: Exchange, status: number, value: unknown): void {
  const { response, indented } = exchange;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  send(response, status, Buffer.from(goJson(value, indented)));
}

/** Go counts the length of what fits into its buffer, and chunks the rest. */
export function send(response: ServerResponse, status: number, body: Buffer): void {
  response.statusCode = status;
  if (body.length <= 2048) response.setHeader('Content-Length', body.length);
  response.write(body);
  response.end();
}

export function sendNothing(response: ServerResponse): void {
  response.statusCode = 204;
  response.end();
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Bodies are what our own clients send: their shapes are stated, not checked. */
export async function readJson<T extends object>(request: IncomingMessage): Promise<Partial<T>> {
  const text = (await readBody(request)).toString();
  try {
    return JSON.parse(text) as Partial<T>;
  } catch {
    throw new Refusal('invalid', `failed to unmarshal json: ${goComplaint(text)}`);
  }
}

function goComplaint(text: string): string {
  if (text.trim() === '') return 'EOF';
  const bad = /^\s*\{\s*([^"\s}])/.exec(text)?.[1] ?? text.trim()[0];
  const place = text.trim().startsWith('{') ? 'object key string' : 'value';
  return `invalid character '${bad}' looking for beginning of ${place}`;
}
