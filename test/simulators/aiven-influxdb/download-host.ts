import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { Produced } from './content.ts';
import type { ServiceState, Slot } from './service-state.ts';
import { strikes } from './switches.ts';

/** Answers one request to the host that serves the backup. */
export async function answerDownload(
  account: Account,
  state: ServiceState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { switches } = state;
  request.resume();
  if (strikes(switches, 'downloadAway')) return void request.socket.destroy();
  const expected = Buffer.from(`${account.username}:${account.password}`).toString('base64');
  if (switches.downloadAuth && request.headers.authorization !== `Basic ${expected}`) {
    response.setHeader('www-authenticate', 'Basic realm="backups"');
    return refuse(response, 401);
  }
  if (strikes(switches, 'downloadUnavailable')) return refuse(response, 503);
  const { pathname } = new URL(request.url ?? '/', 'http://download');
  const name = /^\/backups\/(.+)\.tar$/.exec(decodeURIComponent(pathname))?.[1];
  const slot = name === undefined ? undefined : slotOf(state, name);
  if (!slot || strikes(switches, 'notReady')) return refuse(response, 404);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
  await serve(state, slot, request, response);
}

function slotOf({ slot, formerNames, switches }: ServiceState, name: string): Slot | undefined {
  if (slot?.name === name) return slot;
  return switches.oldName === 'new bytes' && formerNames.has(name) ? slot : undefined;
}

async function serve(
  state: ServiceState,
  slot: Slot,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { switches } = state;
  const etag = etagOf(state, slot);
  const { bytes } = slot.produced;
  const range = switches.ranges ? rangeOf(request, etag, bytes) : undefined;
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${bytes}`);
    return refuse(response, 416);
  }
  const [start, end] = range ?? [0, bytes];
  response.statusCode = range ? 206 : 200;
  response.setHeader('content-type', 'application/x-tar');
  if (etag) response.setHeader('etag', etag);
  if (switches.ranges) response.setHeader('accept-ranges', 'bytes');
  if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${bytes}`);
  if (switches.contentLength) response.setHeader('content-length', end - start);
  if (request.method === 'HEAD') return void response.end();
  const half = start + Math.floor((end - start) / 2);
  if (!(await pass(state, slot.produced, start, half, response))) return;
  let rest = slot.produced;
  if (strikes(switches, 'replacedWhileDownloading')) {
    await state.fill('somebody-elses-backup', state.othersContent);
    rest = state.slot?.produced ?? rest;
  }
  if (strikes(switches, 'downloadCut')) return cut(response);
  if (strikes(switches, 'downloadReset')) {
    // What was written is to arrive before the reset does.
    await sleep(50);
    return void response.socket?.resetAndDestroy();
  }
  if (strikes(switches, 'downloadStalls')) return;
  if (await pass(state, rest, half, end, response)) response.end();
}

/** With a length that was promised, the connection ends; without one, the body ends as if it were whole. */
function cut(response: ServerResponse): void {
  if (response.hasHeader('content-length')) response.socket?.end();
  else response.end();
}

/** @returns whether the other side is still there */
async function pass(
  { switches }: ServiceState,
  produced: Produced,
  start: number,
  end: number,
  response: ServerResponse,
): Promise<boolean> {
  const portion = Math.max(1, Math.floor(switches.bytesPerSecond / 20));
  for await (const chunk of produced.read(start, end)) {
    const step = switches.bytesPerSecond > 0 ? portion : chunk.length;
    for (let at = 0; at < chunk.length; at += step) {
      if (response.destroyed) return false;
      if (!response.write(chunk.subarray(at, at + step))) await drained(response);
      if (switches.bytesPerSecond > 0) await sleep(50);
    }
  }
  return !response.destroyed;
}

/** Until more may be written, or the other side has gone. Leaves no listener behind, however long the body is. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    if (response.destroyed) resolve();
    else response.on('drain', done).on('close', done);
  });
}

let answers = 0;

function etagOf({ switches }: ServiceState, { name, generation }: Slot): string | undefined {
  if (switches.etag === 'none') return undefined;
  if (strikes(switches, 'etagChanges')) answers += 1;
  const hash = createHash('sha256').update(`${name} ${generation} ${answers}`).digest('hex');
  return `${switches.etag === 'weak' ? 'W/' : ''}"${hash.slice(0, 16)}"`;
}

/** A range whose condition is not met is none: the whole file is sent. */
function rangeOf(
  request: IncomingMessage,
  etag: string | undefined,
  bytes: number,
): [number, number] | 'unsatisfiable' | undefined {
  const found = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!found) return undefined;
  const condition = request.headers['if-range'];
  if (condition !== undefined && (condition !== etag || etag.startsWith('W/'))) return undefined;
  const start = Number(found[1]);
  const end = found[2] ? Math.min(Number(found[2]) + 1, bytes) : bytes;
  return start < bytes ? [start, end] : 'unsatisfiable';
}

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain');
  response.end(`${status}\n`);
}
