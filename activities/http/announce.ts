import { request as plain } from 'node:http';
import { request as secure } from 'node:https';

export interface Announcement {
  url: string;
  headers: Record<string, string>;
  /** How long the body would be. */
  bytes: number;
  ca?: string[] | undefined;
  signal: AbortSignal;
  /** How long somebody may think about it. */
  patienceMs: number;
}

/**
 * Announces an upload and sends none of it.
 * @returns the status of the answer; undefined where the body was asked for, or nobody answered
 */
export function announce({
  url,
  headers,
  bytes,
  ca,
  signal,
  patienceMs,
}: Announcement): Promise<number | undefined> {
  const send = url.startsWith('https:') ? secure : plain;
  return new Promise((resolve) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(bytes), expect: '100-continue' },
      ca,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    });
    const end = (status: number | undefined) => {
      resolve(status);
      request.destroy();
    };
    request.on('continue', () => end(undefined));
    request.on('response', ({ statusCode }) => end(statusCode));
    request.on('error', () => end(undefined));
    request.flushHeaders();
  });
}
