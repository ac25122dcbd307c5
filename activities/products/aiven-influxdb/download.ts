import { HoldfastError } from '../../failure.ts';
import { HttpClient } from '../../http/client.ts';
import {
  APPEARS_WITHIN_MS,
  isPassing,
  resumableDownload,
  type DownloadRefusals,
} from '../../http/resumable-download.ts';
import type { ProductContext } from '../product.ts';
import { AlteredFault } from './altered-fault.ts';
import type { BackupAddress } from './backup-address.ts';

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
 * The tar of a backup from its first byte.
 * @throws SOURCE_GARBLED when it was replaced meanwhile, SOURCE_TRUNCATED, SOURCE_STALLED, TARGET_*, AUTH_REJECTED
 */
export async function* download(options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { address, name, seen, ca, server, context } = options;
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
  try {
    yield* resumableDownload({
      http,
      path: `/${name}.tar`,
      headers: address.login ? { authorization: `Basic ${address.login.reveal()}` } : {},
      operation: `downloading backup ${name}`,
      seen,
      signal,
      refusals: refusalsOf(people),
    });
  } finally {
    await http.close();
  }
}

function refusalsOf(people: string): DownloadRefusals {
  return {
    replaced: () =>
      new HoldfastError(
        'SOURCE_GARBLED',
        `${people}: the backup was replaced by another one while it was being downloaded.`,
        {
          cause: new AlteredFault('is another one than the one that was begun'),
          hint: 'A service keeps one backup: see who else requests backups of it.',
        },
      ),
    refused: (status) => refused(people, status),
    // An ip filter answers nothing at all.
    unreachable: (error) =>
      new HoldfastError(error.code, error.message, {
        cause: error,
        hint: 'Look at the ip filter of the service, and at `user_backup` under its `public_access`.',
      }),
  };
}

function refused(people: string, status: number): HoldfastError {
  if (status === 401 || status === 403) {
    return new HoldfastError(
      'AUTH_REJECTED',
      `${people} does not take the user and password of the service (HTTP ${status}).`,
      {
        hint: 'Give `connection.username` and `connection.password`, or look at the ip filter of the service.',
      },
    );
  }
  if (status === 404) {
    return new HoldfastError(
      'TARGET_ERROR',
      `${people} has no such backup, ${APPEARS_WITHIN_MS / 60_000} minutes after its task had ended (HTTP 404).`,
    );
  }
  const code = isPassing(status) ? 'TARGET_BUSY' : 'TARGET_REFUSED';
  return new HoldfastError(code, `${people} does not send the backup (HTTP ${status}).`);
}
