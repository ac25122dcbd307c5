import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bucket, S3Error } from './bucket.ts';
import { FaultPlan, type Fault, type FaultRule, type Operation } from './faults.ts';
import { execute, type Answer } from './operations.ts';
import { enforce, type Policy } from './policy.ts';
import { checkBody, parseRequest, type S3Request } from './request.ts';
import { toXml } from './xml.ts';

export interface S3SimulatorOptions {
  port?: number | undefined;
  /** The one bucket there is. */
  bucket?: string | undefined;
}

/** What was asked, in order, for tests that count. */
export interface SeenRequest {
  operation: Operation;
  key: string;
  headers: IncomingMessage['headers'];
  accessKeyId: string | undefined;
}

export interface S3Simulator {
  readonly url: string;
  readonly bucketName: string;
  /** The bucket's content; tests look at it, lock it and damage it. */
  readonly bucket: Bucket;
  readonly seen: SeenRequest[];
  /** Plans faults; see `FaultRule`. */
  plan(...rules: FaultRule[]): void;
  /** Forgets planned faults. */
  calm(): void;
  /** Forgets planned faults and seen requests, and empties the bucket. */
  reset(): void;
  /** The access keys that are let in; undefined lets everybody in. */
  acceptKeys(keys: string[] | undefined): void;
  /** What an access key may do from now on; undefined lets it do everything. */
  allowOnly(accessKeyId: string, policy: Policy | undefined): void;
  /** From now on every request finds the bucket missing, or there again. */
  dropBucket(dropped: boolean): void;
  /** Bit rot: turns over one bit of a stored object. */
  flipBit(key: string, byte?: number): void;
  close(): Promise<void>;
}

/** Starts a scripted S3 on a free port of the loopback: real semantics in memory, and faults on demand. */
export async function startS3Simulator(options: S3SimulatorOptions = {}): Promise<S3Simulator> {
  const bucketName = options.bucket ?? 'backups';
  let bucket = new Bucket();
  const faults = new FaultPlan();
  const seen: SeenRequest[] = [];
  let accepted: string[] | undefined;
  const policies = new Map<string | undefined, Policy>();
  let dropped = false;

  const check = (request: S3Request) => {
    for (const asked of [request.bucket, request.source?.bucket ?? bucketName]) {
      if (dropped || asked !== bucketName) throw new S3Error(404, 'NoSuchBucket');
    }
    if (accepted && !accepted.includes(request.accessKeyId ?? '')) {
      throw new S3Error(403, 'InvalidAccessKeyId');
    }
  };

  const server = createServer((incoming, response) => {
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    const request = parseRequest(incoming);
    const { operation, key, headers, accessKeyId } = request;
    seen.push({ operation, key, headers, accessKeyId });
    const fault = faults.next(operation, key, headers);
    serve(incoming, response, fault, (body) => {
      check(request);
      const policy = policies.get(accessKeyId);
      if (policy) enforce(policy, request, body, bucket);
      checkBody(headers, body, fault);
      if (fault?.kind === 'pretends') return { status: fault.status };
      return execute(bucket, request, fault?.kind === 'stored-framed' ? framed(body) : body, fault);
    }).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    bucketName,
    get bucket() {
      return bucket;
    },
    seen,
    plan: (...rules) => faults.plan(...rules),
    calm: () => faults.clear(),
    reset() {
      bucket = new Bucket();
      faults.clear();
      seen.length = 0;
      accepted = undefined;
      policies.clear();
      dropped = false;
    },
    acceptKeys: (keys) => (accepted = keys),
    allowOnly: (key, policy) => void (policy ? policies.set(key, policy) : policies.delete(key)),
    dropBucket: (now) => (dropped = now),
    flipBit(key, byte = 0) {
      const object = bucket.get(key);
      object.body = Buffer.from(object.body);
      object.body[byte] = (object.body[byte] ?? 0) ^ 1;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
  run: (body: Buffer) => Answer,
): Promise<void> {
  if (fault?.kind === 'stall-upload') {
    incoming.pause();
    return;
  }
  const body = await bodyOf(incoming, fault?.kind === 'reset-upload' ? fault.afterBytes : Infinity);
  if (body === undefined) {
    incoming.socket.destroy();
    return;
  }
  if (fault?.kind === 'garbled-upload') body[0] = (body[0] ?? 0) ^ 1;
  if (fault?.kind === 'slow') await sleep(fault.ms);
  if (fault?.kind === 'hold') await fault.until;
  if (fault?.kind === 'stall' && !fault.executed) return;
  const answer = answerTo(fault, () => run(body));
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'lost-answer') incoming.socket.destroy();
  else send(incoming, response, answer, fault);
}

function answerTo(fault: Fault | undefined, run: () => Answer): Answer {
  try {
    if (fault?.kind === 'answer') throw new S3Error(fault.status, fault.code, fault.message);
    if (fault?.kind === 'refused-header') {
      const { header, status = 501 } = fault;
      throw new S3Error(status, 'NotImplemented', `the header ${header} is not implemented`);
    }
    if (fault?.kind === 'error-in-200') {
      if (fault.executed) run();
      return { status: 200, body: errorBody(fault.code, 'inside a 200') };
    }
    return run();
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    const headers = fault?.kind === 'answer' ? fault.headers : undefined;
    return {
      status: error.status,
      body: errorBody(error.code, error.message),
      ...(headers && { headers }),
    };
  }
}

function framed(body: Buffer): Buffer {
  const around = (length: number) =>
    Buffer.from(`${length.toString(16)};chunk-signature=${'0'.repeat(64)}\r\n`);
  return Buffer.concat([around(body.byteLength), body, Buffer.from('\r\n'), around(0)]);
}

function errorBody(code: string, message: string): string {
  return toXml('Error', { Code: code, Message: message, RequestId: 'simulated' });
}

/** The request's body, or undefined when it is to be cut off. Collects nothing of what a client cuts off itself. */
async function bodyOf(incoming: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > limit) return undefined;
    chunks.push(chunk);
  }
  return limit === Infinity ? Buffer.concat(chunks) : undefined;
}

function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
): void {
  let body = Buffer.from(answer.body ?? '');
  const headers: Record<string, string> = {
    'x-amz-request-id': 'simulated',
    'content-length': String(body.byteLength),
    ...answer.headers,
  };
  if (fault?.kind === 'short') {
    body = body.subarray(0, body.byteLength - fault.missing);
    headers['content-length'] = String(body.byteLength);
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    const last = Number(from) + body.byteLength - 1;
    if (from !== undefined) headers['content-range'] = `bytes ${from}-${last}/${total}`;
  }
  response.writeHead(answer.status, headers);
  if (incoming.method === 'HEAD') response.end();
  else if (fault?.kind === 'reset-download' || fault?.kind === 'stall-download') {
    response.write(body.subarray(0, fault.afterBytes), () => {
      if (fault.kind === 'reset-download') incoming.socket.destroy();
    });
  } else response.end(body);
}
