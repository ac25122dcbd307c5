import type { ObjectLine } from '../../catalog/manifest.ts';
import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import { holdsSame } from '../../pipeline/holds-same.ts';
import { parseFileName } from '../../pipeline/influxdb-portable/portable-manifest.ts';
import { tarMembers, type TarMember } from '../../pipeline/tar/tar-members.ts';
import type { ArtifactPlan, OpenArtifact } from '../product.ts';
import { AlteredFault } from './altered-fault.ts';
import { InFlight } from './in-flight.ts';
import { ROLE } from './names.ts';
import { TailNoting, type StoredMember } from './stored-members.ts';
import type { StoredNotes } from './stored-notes.ts';

/** What a pass over the tar has found. Files that are stored stay so for the next pass. */
export class WalkedBackup {
  readonly stored = new Map<string, StoredMember>();
  readonly seen = new Set<string>();
  readonly strays: string[] = [];
  manifest: { name: string; bytes: Buffer } | undefined;
  metadata: { name: string; bytes: Buffer } | undefined;
}

interface Walk {
  /** @param known what an earlier attempt stored of it */
  store: (
    artifact: ArtifactPlan,
    open: () => Promise<OpenArtifact>,
    known: ObjectLine[] | undefined,
  ) => Promise<ObjectLine[]>;
  notes: StoredNotes;
  concurrency: number;
}

/** Up to here a file is taken into memory and stored beside the reading of the next ones. */
const SMALL_BYTES = 1024 * 1024;
/** One that passes, and one with which the store has yet to finish; more would only fill the memory. */
const LARGE_AT_A_TIME = 2;
/** Manifest and metadata are looked into as a whole. */
const MOST_METADATA_BYTES = 512 * 1024 * 1024;

/**
 * Walks the tar while it streams and stores each shard as an artifact of its own. Nothing is taken for granted: names,
 * kinds and repetitions are judged here, the shards themselves by the pipeline.
 * @throws FormatFault, and what the source and the store throw
 */
export async function walkBackup(
  tar: AsyncIterable<Uint8Array>,
  walked: WalkedBackup,
  walk: Walk,
): Promise<void> {
  walked.seen.clear();
  walked.strays.length = 0;
  [walked.manifest, walked.metadata] = [undefined, undefined];
  const inFlight = { small: new InFlight(walk.concurrency), large: new InFlight(LARGE_AT_A_TIME) };
  try {
    for await (const member of tarMembers(tar)) {
      if (member.type === '5') continue;
      const name = fileNameOf(member);
      const kind = parseFileName(name)?.kind;
      if (kind !== undefined && walked.seen.has(name)) throw garbled(`holds ${name} twice`);
      walked.seen.add(name);
      if (kind === 'shard') await takeShard(member, name, walked, walk, inFlight);
      else if (kind === 'manifest') {
        if (walked.manifest) throw garbled('holds more than one manifest');
        walked.manifest = { name, bytes: await inMemory(member, name) };
      } else if (kind === 'meta') {
        if (walked.metadata) throw garbled('holds the metadata of more than one backup');
        walked.metadata = { name, bytes: await inMemory(member, name) };
      } else walked.strays.push(name);
    }
  } finally {
    // What is under way must not outlive this attempt, whatever ended it.
    await Promise.allSettled([inFlight.small.settled(), inFlight.large.settled()]);
  }
  await inFlight.small.settled();
  await inFlight.large.settled();
}

async function takeShard(
  member: TarMember,
  name: string,
  walked: WalkedBackup,
  { store, notes }: Walk,
  inFlight: { small: InFlight; large: InFlight },
): Promise<void> {
  const known = walked.stored.get(name);
  if (known) {
    if (await holdsSame(known.lines, member.body)) return;
    throw altered(name);
  }
  const take = async (source: () => AsyncIterable<Uint8Array>, earlier?: ObjectLine[]) => {
    let noting = new TailNoting();
    const open = async (): Promise<OpenArtifact> => {
      noting = new TailNoting();
      return { body: noting.pass(source()), codec: 'gzip', endsSilence: true };
    };
    const lines = await store(planOf(name, member.bytes), open, earlier);
    walked.stored.set(name, { bytes: noting.bytes, inflated: noting.inflated, lines });
    return lines;
  };
  if (member.bytes > SMALL_BYTES) {
    const { body, passed } = passing(member.body);
    const { ended } = await inFlight.large.run(async () => {
      // Reading it back from the store would let the download stand still, which no host suffers for long.
      const earlier = await notes.recall(name);
      const lines = await take(onceOnly(body, name), earlier);
      if (!earlier) await notes.remember(name, lines);
    });
    await Promise.race([passed, ended]);
    inFlight.large.check();
    return;
  }
  const bytes = await collect(member.body);
  await inFlight.small.run(async () => void (await take(() => each(bytes))));
}

/** The same bytes, and when they have been read to their end. Fails as the tar does, whatever the reader makes of that. */
function passing(source: AsyncIterable<Uint8Array>): {
  body: AsyncIterable<Uint8Array>;
  passed: Promise<void>;
} {
  let done!: () => void;
  let failed!: (error: unknown) => void;
  const passed = new Promise<void>((resolve, reject) => ([done, failed] = [resolve, reject]));
  passed.catch(() => undefined);
  const body = async function* () {
    try {
      yield* source;
      done();
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  return { body: body(), passed };
}

function planOf(name: string, storedBytes: number): ArtifactPlan {
  const shard = parseFileName(name)?.shard ?? 0;
  return {
    path: name.replace(/\.gz$/, ''),
    role: ROLE.shard,
    subject: `shard ${shard}`,
    format: 'tar',
    key: { shard },
    storedBytes,
  };
}

/** The tar passes once. Who asks a second time has found other bytes than those that are stored. */
function onceOnly(body: AsyncIterable<Uint8Array>, name: string): () => AsyncIterable<Uint8Array> {
  let passed = false;
  return () => {
    if (passed) throw altered(name);
    passed = true;
    return body;
  };
}

/** The tool writes files without folders; whoever packed them may have put them into one. */
function fileNameOf({ name, type }: TarMember): string {
  const segments = name.split('/').filter((segment) => segment !== '.' && segment !== '');
  if (name.startsWith('/') || segments.includes('..') || /[\\\p{Cc}]/u.test(name)) {
    throw garbled(`names a path that leads out of it (${JSON.stringify(name.slice(0, 100))})`);
  }
  if (type !== '0' && type !== '7') {
    throw garbled(
      `holds ${JSON.stringify(name.slice(0, 100))}, which is a link or a device and no file`,
    );
  }
  return segments.at(-1) ?? '';
}

async function inMemory({ body, bytes }: TarMember, name: string): Promise<Buffer> {
  if (bytes > MOST_METADATA_BYTES) throw garbled(`holds ${name} of impossible size`);
  return collect(body);
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* each(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function altered(name: string): AlteredFault {
  return new AlteredFault(`is a tar that holds another ${name} than when it was downloaded before`);
}

function garbled(what: string): FormatFault {
  return new FormatFault('garbled', `is a tar that ${what}`);
}
