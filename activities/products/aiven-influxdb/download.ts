import { HoldfastError } from '../../failure.ts';
import { HttpClient, type HttpResponse } from '../../http/client.ts';
import type { ProductContext } from '../product.ts';
import type { BackupAddress } from './backup-address.ts';
import { pause } from '../../pause.ts';

/** After its task has ended, the file may take a while to appear; a host that is away may take as long to come back. */
const PATIENCE_MS = 10 * 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
/** Interruptions after which a download goes on where it was. */
const RESUMPTIONS = 50;

interface Place {
  offset: number;
  /** Strong, and ranges are served: the same bytes can be had from the middle. */
  etag: string | undefined;
}

export interface DownloadOptions {
  address: BackupAddress;
  /** Of the backup, without `.tar`. */
  name: string;
  /** It was there before: when it is not any more, another backup has taken its place. */
  seen: boolean;
  ca: string | undefined;
  /** For people: `Aiven service metrics of project acme`. */
  server: string;
  context: ProductContext;
}

/**
 * The tar of a backup from its first byte. Interruptions are bridged where the host vouches that it is still the same
 * file. A file that is not there yet is waited for, and so is a host that has begun to send it and is away now.
 * @throws SOURCE_GARBLED when it was replaced meanwhile, SOURCE_TRUNCATED, SOURCE_STALLED, TARGET_*, AUTH_REJECTED
 */
export async function* download(options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { address, ca, server, context } = options;
  const { stallMs, signal } = context;
  const people = `${server} (download host ${address.host})`;
  const http = new HttpClient({
    url: address.url,
    ca,
    server: people,
    connections: 1,
    stallMs,
    signal,
  });
  const place: Place = { offset: 0, etag: undefined };
  try {
    for (let resumptions = 0; ; resumptions += 1) {
      const response = await open(http, options, place, people);
      try {
        for await (const chunk of response.body) {
          place.offset += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        const resumes = place.etag !== undefined && resumptions < RESUMPTIONS;
        if (!resumes || !mayPass(error, signal)) throw error;
        await pause(FIRST_PAUSE_MS, signal);
      }
    }
  } finally {
    await http.close();
  }
}

/** An answer whose body begins at the place. A host that was never reached fails at once: waiting would mend no filter. */
async function open(
  http: HttpClient,
  { address, name, seen, context }: DownloadOptions,
  place: Place,
  people: string,
): Promise<HttpResponse> {
  const startedAt = Date.now();
  const begun = seen || place.offset > 0;
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    const response = await http
      .request({
        method: 'GET',
        path: `/${name}.tar`,
        operation: `downloading backup ${name}`,
        headers: {
          ...(address.login ? { authorization: `Basic ${address.login.reveal()}` } : {}),
          ...(place.offset > 0 && place.etag
            ? { range: `bytes=${place.offset}-`, 'if-range': place.etag }
            : {}),
        },
      })
      .catch((error: unknown) => {
        if (begun && mayPass(error, context.signal) && !isLate(startedAt)) return undefined;
        throw hinted(error);
      });
    if (response?.status === 200 || response?.status === 206) {
      accept(response, place, people);
      return response;
    }
    if (response) {
      await response.discard();
      const waits = response.status === 404 ? !begun : isPassing(response.status);
      if (!waits || isLate(startedAt)) throw refused(people, response.status, begun);
    }
    await pause(wait, context.signal);
  }
}

function mayPass(error: unknown, signal: AbortSignal): boolean {
  return error instanceof HoldfastError && error.retryable && !signal.aborted;
}

function isLate(startedAt: number): boolean {
  return Date.now() - startedAt > PATIENCE_MS;
}

/** An ip filter answers nothing at all. */
function hinted(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'TARGET_UNREACHABLE') return error;
  return new HoldfastError(error.code, error.message, {
    cause: error,
    hint: 'Look at the ip filter of the service, and at `user_backup` under its `public_access`.',
  });
}

/** Notes what the first answer says of the file, and compares later ones with it. */
function accept(response: HttpResponse, place: Place, people: string): void {
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
  if (!continues) throw replaced(people);
}

function refused(people: string, status: number, begun: boolean): HoldfastError {
  if (status === 401 || status === 403) {
    return new HoldfastError(
      'AUTH_REJECTED',
      `${people} does not take the user and password of the service (HTTP ${status}).`,
      {
        hint: 'Give `connection.username` and `connection.password`, or look at the ip filter of the service.',
      },
    );
  }
  if (begun && status === 404) return replaced(people);
  if (status === 404) {
    return new HoldfastError(
      'TARGET_ERROR',
      `${people} has no such backup, ${PATIENCE_MS / 60_000} minutes after its task had ended (HTTP 404).`,
    );
  }
  const code = isPassing(status) ? 'TARGET_BUSY' : 'TARGET_REFUSED';
  return new HoldfastError(code, `${people} does not send the backup (HTTP ${status}).`);
}

function replaced(people: string): HoldfastError {
  return new HoldfastError(
    'SOURCE_GARBLED',
    `${people}: the backup was replaced by another one while it was being downloaded.`,
    { hint: 'A service keeps one backup: see who else requests backups of it.' },
  );
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
