import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { AnswerBody } from './answer-body.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** To be read to its end, or given up by `return`: until then it holds its connection. */
  body: AnswerBody;
}

/**
 * Sends a request and returns its answer when the head of it is here. Rejects, or ends the body, with the signal's reason
 * as soon as the signal fires.
 */
export function exchange(
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver(request.method === 'HEAD', signal, { resolve, reject });
    if (!signal.aborted) dispatcher.dispatch(request, receiver);
  });
}

class Receiver implements Dispatcher.DispatchHandler {
  readonly #bodiless: boolean;
  readonly #signal: AbortSignal;
  readonly #settle: { resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  readonly #onAbort = () => this.#abort();
  #controller: Dispatcher.DispatchController | undefined;
  #body: AnswerBody | undefined;

  constructor(
    bodiless: boolean,
    signal: AbortSignal,
    settle: { resolve: (answer: Answer) => void; reject: (error: unknown) => void },
  ) {
    this.#bodiless = bodiless;
    this.#signal = signal;
    this.#settle = settle;
    if (signal.aborted) this.#abort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It may have waited for a connection for longer than anybody waited for it.
    if (this.#signal.aborted) controller.abort(this.#signal.reason as Error);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // What is only informational is followed by the answer.
    if (status < 200) return;
    const length = this.#bodiless ? 0 : contentLength(headers);
    this.#body = new AnswerBody(controller, length, () => this.#forget());
    this.#settle.resolve({ status, headers, body: this.#body });
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#body?.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#forget();
    if (this.#body) this.#body.fail(error);
    else this.#settle.reject(error);
  }

  #abort(): void {
    const reason: unknown = this.#signal.reason;
    if (this.#body) this.#body.abort(reason);
    else this.#settle.reject(reason);
    this.#controller?.abort(reason as Error);
  }

  #forget(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

function contentLength(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
