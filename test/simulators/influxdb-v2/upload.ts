import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Exchange } from './exchange.ts';

/** Two JSON objects in one answer: the refusal, and the panic that follows because the handler goes on. */
export class GzipPanic extends Error {}

/** The plain body of an upload: gzip when the header says so, raw with any other value of it. */
export function plainBody({ request }: Exchange): Readable {
  if (request.headers['content-encoding'] !== 'gzip') return request;
  const gunzip = createGunzip();
  request.on('error', (error) => gunzip.destroy(error));
  request.on('close', () => {
    if (!request.complete) gunzip.destroy(new Error('the upload was aborted'));
  });
  return request.pipe(gunzip);
}

/** The whole body of a small upload. */
export async function uploaded(exchange: Exchange): Promise<Buffer> {
  const parts: Buffer[] = [];
  try {
    for await (const part of plainBody(exchange)) parts.push(part as Buffer);
  } catch (error) {
    throw panicOr(error);
  }
  return Buffer.concat(parts);
}

/** A body that is not gzip at all is met when its header is read; damage further on is an error of the reader. */
export function panicOr(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const header = error instanceof Error && error.message === 'incorrect header check';
  if (code === 'Z_DATA_ERROR' && header) return new GzipPanic('gzip: invalid header');
  return error;
}
