import { HoldfastError } from '../failure.ts';
import { pause } from '../pause.ts';
import type { HttpClient, HttpResponse } from './client.ts';

/** A file may take a while to appear after its job has ended; a host that is away may take as long to come back. */
export const APPEARS_WITHIN_MS = 10 * 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
/** Interruptions after which a download goes on where it was. */
const RESUMPTIONS = 50;

export interface Download {
  http: HttpClient;
  path: string;
  headers: Record<string, string>;
  /** For people: `downloading backup 7`. */
  operation: string;
  /** It was there before: when it is not any more, another file has taken its place. */
  seen: boolean;
  signal: AbortSignal;
  refusals: DownloadRefusals;
}

/** The sentences for what only the caller can name: whose file it is, and what to do. */
export interface DownloadRefusals {
  /** The file is not the one that was begun. */
  replaced(): HoldfastError;
  /** A status that means no file; 404 when it has not appeared in time. */
  refused(status: number): HoldfastError;
  /** A host that was never reached. */
  unreachable(error: HoldfastError): HoldfastError;
}

interface Place {
  offset: number;
  /** Strong, and ranges are served: the same bytes can be had from the middle. */
  etag: string | undefined;
}

/**
 * One large file from its first byte. Interruptions are bridged where the host vouches that it is still the same file.
 * A file that is not there yet is waited for, and so is a host that has begun to send it and is away now.
 * @throws the refusals, SOURCE_TRUNCATED, SOURCE_STALLED, TARGET_*
 */
export async function* resumableDownload(download: Download): AsyncGenerator<Uint8Array> {
  const place: Place = { offset: 0, etag: undefined };
  for (let resumptions = 0; ; resumptions += 1) {
    const response = await open(download, place);
    try {
      for await (const chunk of response.body) {
        place.offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      const resumes = place.etag !== undefined && resumptions < RESUMPTIONS;
      if (!resumes || !mayPass(error, download.signal)) throw error;
      await pause(FIRST_PAUSE_MS, download.signal);
    }
  }
}

/** An answer whose body begins at the place. A host that was never reached fails at once: waiting would mend no filter. */
async function open(download: Download, place: Place): Promise<HttpResponse> {
  const { http, path, headers, operation, seen, signal, refusals } = download;
  const startedAt = Date.now();
  const begun = seen || place.offset > 0;
  const range: Record<string, string> =
    place.offset > 0 && place.etag
      ? { range: `bytes=${place.offset}-`, 'if-range': place.etag }
      : {};
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    const response = await http
      .request({ method: 'GET', path, operation, headers: { ...headers, ...range } })
      .catch((error: unknown) => {
        if (begun && mayPass(error, signal) && !isLate(startedAt)) return undefined;
        throw isUnreachable(error) ? refusals.unreachable(error) : error;
      });
    if (response?.status === 200 || response?.status === 206) {
      accept(response, place, refusals);
      return response;
    }
    if (response) {
      await response.discard();
      const { status } = response;
      if (status === 404 && begun) throw refusals.replaced();
      if ((status !== 404 && !isPassing(status)) || isLate(startedAt)) {
        throw refusals.refused(status);
      }
    }
    await pause(wait, signal);
  }
}

/** Notes what the first answer says of the file, and compares later ones with it. */
function accept(response: HttpResponse, place: Place, refusals: DownloadRefusals): void {
  const etag = response.header('etag');
  if (place.offset === 0) {
    const ranges = response.header('accept-ranges')?.toLowerCase() === 'bytes';
    place.etag = ranges && etag?.startsWith('"') ? etag : undefined;
    return;
  }
  const continues =
    response.status === 206 &&
    etag === place.etag &&
    response.header('content-range')?.startsWith(`bytes ${place.offset}-`);
  if (!continues) throw refusals.replaced();
}

export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function isUnreachable(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.code === 'TARGET_UNREACHABLE';
}

function mayPass(error: unknown, signal: AbortSignal): boolean {
  return error instanceof HoldfastError && error.retryable && !signal.aborted;
}

function isLate(startedAt: number): boolean {
  return Date.now() - startedAt > APPEARS_WITHIN_MS;
}
