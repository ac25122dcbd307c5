import type { ObjectLine } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import { toSourceFailure } from '../../pipeline/inspected.ts';
import type { BackupSource, Capture, ProductContext } from '../product.ts';
import { AlteredFault } from './altered-fault.ts';
import { backupAddress } from './backup-address.ts';
import { checkBackup, type CheckedBackup } from './check-backup.ts';
import type { AivenClient } from './client.ts';
import { detailOf, warningsOf } from './captured.ts';
import { conclude } from './conclude.ts';
import { identityOf, type Connection } from './config.ts';
import { download } from './download.ts';
import { backupName, ROLE } from './names.ts';
import { pause } from '../../pause.ts';
import { patiently } from '../../patiently.ts';
import { requireData } from './require-data.ts';
import { requestBackup } from './request-backup.ts';
import type { RequestNotes } from './request-notes.ts';
import { requireRunning } from './running.ts';
import { shortened } from '../../shortened.ts';
import { storedNotes } from './stored-notes.ts';
import { walkBackup, WalkedBackup } from './walk-backup.ts';

/** Downloads of one backup, when they break off where they cannot be resumed. */
const DOWNLOADS = 4;
const PAUSE_MS = 500;

interface Source {
  client: AivenClient;
  connection: Connection;
  context: ProductContext;
}

type Sink = Parameters<BackupSource['capture']>[0];

export function createBackupSource(source: Source): BackupSource {
  return {
    capture: (sink) => capture(source, sink),
    open: () => Promise.resolve('gone'),
    conclude: (taken) => conclude(taken, identityOf(source.connection)),
  };
}

/**
 * Requests a backup, waits for it, and stores its files while the tar streams. Everything is taken at once: the service
 * has one place for a backup, and the next request would replace it.
 */
async function capture(source: Source, sink: Sink): Promise<Capture> {
  const { client, context } = source;
  const name = backupName(context.target, sink.startedAt);
  requireRunning(await patiently(() => client.service(), context.signal), client.server);
  const request = await requestBackup(client, name, sink, context.signal);
  const walked = new WalkedBackup();
  for (let attempt = 1; ; attempt += 1) {
    const taken = await take(source, sink, name, walked, request);
    if (!('brokenOff' in taken)) {
      const task = await request.task.recall();
      return {
        artifacts: [],
        ...(task && { from: new Date(task.since) }),
        lines: taken.lines,
        detail: { ...detailOf(name, walked, taken), ...(task && { asked: task.since }) },
        warnings: warningsOf(walked, taken),
      };
    }
    if (attempt === DOWNLOADS || context.signal.aborted) {
      throw taken.damaged ? await judged(taken.brokenOff, request) : taken.brokenOff;
    }
    await pause(PAUSE_MS * 2 ** attempt, context.signal);
  }
}

/** After these the download is made again: what is stored already is compared by its hash, and not stored twice. */
const PASSING = new Set<HoldfastError['code']>([
  'SOURCE_TRUNCATED',
  'SOURCE_STALLED',
  'TARGET_UNREACHABLE',
]);

/** After these the file of a request is of no use any more. */
const SPENT = new Set<HoldfastError['code']>([
  'SOURCE_GARBLED',
  'SOURCE_TRUNCATED',
  'TARGET_ERROR',
]);

interface TakenBackup extends CheckedBackup {
  /** Of its files. A pass that broke off may have stored others, if another backup has taken the place since. */
  lines: ObjectLine[];
}

async function take(
  { client, connection, context }: Source,
  sink: Sink,
  name: string,
  walked: WalkedBackup,
  request: RequestNotes,
): Promise<TakenBackup | { brokenOff: HoldfastError; damaged: boolean }> {
  const service = await patiently(() => client.service(), context.signal);
  const address = await backupAddress(service, connection, client.server);
  const transport: Transport = { failure: undefined };
  const seen = (await request.seen.recall()) !== undefined;
  const tar = download({ address, name, seen, ca: connection.ca, server: client.server, context });
  try {
    const noted = noting(tar, transport, () => request.seen.remember({ seen: true }));
    await walkBackup(noted, walked, {
      store: (artifact, open, known) => sink.store(artifact, open, { keepSame: true, known }),
      notes: storedNotes(sink.notes),
      concurrency: context.concurrency,
    });
  } catch (error) {
    const cut = error instanceof FormatFault && error.kind === 'truncated';
    const told = transport.failure ?? translated(error, name);
    const broken = cut || transport.failure !== undefined;
    if (broken && told instanceof HoldfastError && PASSING.has(told.code)) {
      return { brokenOff: told, damaged: transport.failure === undefined };
    }
    throw await judged(told, request);
  }
  try {
    const checked = checkBackup(walked);
    await requireData(checked, sink, identityOf(connection));
    return {
      ...checked,
      lines: [
        ...checked.manifest.files.flatMap(
          ({ fileName }) => walked.stored.get(fileName)?.lines ?? [],
        ),
        ...(await storeWhole(sink, walked.metadata, ROLE.metadata, 'metadata')),
        ...(await storeWhole(
          sink,
          walked.manifest,
          ROLE.manifest,
          'manifest of the official tool',
        )),
      ],
    };
  } catch (error) {
    throw await judged(translated(error, name), request);
  }
}

/** What is wrong with the file itself does not pass: the next attempt requests another one. */
async function judged(error: unknown, request: RequestNotes): Promise<unknown> {
  if (error instanceof HoldfastError && SPENT.has(error.code)) {
    const replaced = error.cause instanceof AlteredFault;
    await request.spent.remember({
      spent: true,
      ...(!replaced && { fault: shortened(error.message, 300) }),
    });
  }
  return error;
}

/** What the connection itself failed with: the bytes that came are as good as they were. */
interface Transport {
  failure: unknown;
}

async function* noting(
  source: AsyncIterable<Uint8Array>,
  transport: Transport,
  onFirst: () => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  let first = true;
  try {
    for await (const chunk of source) {
      if (first) await onFirst();
      first = false;
      yield chunk;
    }
  } catch (error) {
    transport.failure = error;
    throw error;
  }
}

function translated(error: unknown, name: string): unknown {
  return error instanceof FormatFault ? toSourceFailure(error, `backup ${name}`) : error;
}

async function storeWhole(
  sink: Sink,
  file: { name: string; bytes: Buffer } | undefined,
  role: string,
  subject: string,
): Promise<ObjectLine[]> {
  if (!file) return [];
  const { name: path, bytes } = file;
  const body = async function* () {
    yield bytes;
  };
  return sink.store(
    { path, role, subject, format: 'bytes', key: {}, bytes: bytes.length },
    () => Promise.resolve({ body: body(), codec: 'identity' }),
    { keepSame: true },
  );
}
