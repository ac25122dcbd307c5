import { HoldfastError } from '../failure.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { OpenArtifact } from '../products/product.ts';
import type { Seal } from './age/sealer.ts';
import { Digest, measured } from './digest.ts';
import { createInspector } from './formats/create-inspector.ts';
import { guardStall } from './guard-stall.ts';
import { inspected } from './inspected.ts';
import { objectPath } from './object-path.ts';
import { ObjectOverflow, PartCursor } from './part-cursor.ts';
import type { StoreArtifactOptions } from './store-artifact-options.ts';
import { untilAborted } from './until-aborted.ts';

type Outcome = ObjectLine[] | 'gone' | 'exists' | 'too long';

/** Opens the source once and writes it, as one object or, with `split`, as as many as it takes. */
export async function writeAttempt(
  options: StoreArtifactOptions,
  attempt: number,
  split: boolean,
): Promise<Outcome> {
  const opened = await openSource(options);
  if (opened === 'gone') return 'gone';
  let parts = split;
  try {
    parts ||= await announcedTooLong(options, opened);
  } catch (error) {
    await opened.body[Symbol.asyncIterator]().return?.();
    throw error;
  }
  return new AttemptWriter(options, opened, attempt, parts).run();
}

/** What is known to be too long is split from the start: a stream that passes once cannot begin again. */
async function announcedTooLong(
  { artifact, store, sealer }: StoreArtifactOptions,
  { codec }: OpenArtifact,
): Promise<boolean> {
  const announced = announcedBytes(artifact, codec) ?? 0;
  const limit = store.maxObjectBytes;
  // Most are far from it: a seal is begun for the few of which only the encryption decides.
  if (!sealer || announced < limit / 2 || announced > limit) return announced > limit;
  return announced > (await sealer.begin()).capacity(limit);
}

/** Before it is encrypted. */
function announcedBytes(
  { bytes, storedBytes }: StoreArtifactOptions['artifact'],
  codec: OpenArtifact['codec'],
): number | undefined {
  return storedBytes ?? (codec === 'identity' ? bytes : undefined);
}

/** A source that opens after the signal has fired finds nobody who would read it, and is closed. */
export async function openSource({
  open,
  signal,
}: StoreArtifactOptions): Promise<OpenArtifact | 'gone'> {
  signal.throwIfAborted();
  const opening = open();
  try {
    return await untilAborted(opening, signal);
  } catch (error) {
    opening
      .then(async (late) => late === 'gone' || late.body[Symbol.asyncIterator]().return?.())
      .catch(() => undefined);
    throw error;
  }
}

class AttemptWriter {
  readonly #options: StoreArtifactOptions;
  readonly #codec: OpenArtifact['codec'];
  readonly #attempt: number;
  readonly #split: boolean;
  readonly #inspector;
  readonly #cursor: PartCursor;
  /** Ends the reading when the store gives up: a silent source would otherwise hold this up. */
  readonly #stop = new AbortController();
  readonly #forward = () => this.#stop.abort(this.#options.signal.reason);
  #passed = 0;
  /** What the source threw: it tells more than what the store makes of it. */
  #sourceFailure: { error: unknown } | undefined;

  constructor(
    options: StoreArtifactOptions,
    opened: OpenArtifact,
    attempt: number,
    split: boolean,
  ) {
    const { artifact, signal, stallMs } = options;
    const subject = artifact.subject;
    const silence = opened.endsSilence ? undefined : stallMs;
    this.#options = options;
    this.#codec = opened.codec;
    this.#attempt = attempt;
    this.#split = split;
    signal.addEventListener('abort', this.#forward, { once: true });
    if (signal.aborted) this.#forward();
    this.#inspector = createInspector(artifact.format, opened.codec, artifact.bytes);
    this.#cursor = new PartCursor(
      inspected(guardStall(opened.body, silence, this.#stop.signal, subject), {
        subject,
        inspector: this.#inspector,
        signal,
        throttle: options.throttle,
        onBytes: (bytes) => {
          this.#passed += bytes;
          options.onBytes?.(bytes);
        },
      }),
    );
  }

  async run(): Promise<Outcome> {
    const lines: ObjectLine[] = [];
    try {
      do lines.push(await this.#writeObject(lines.length));
      while (!this.#cursor.ended);
    } catch (error) {
      this.#options.onBytes?.(-this.#passed);
      const first = this.#sourceFailure ? this.#sourceFailure.error : error;
      if (first instanceof ObjectOverflow) return 'too long';
      if (first instanceof HoldfastError && first.code === 'OBJECT_EXISTS') return 'exists';
      throw first;
    } finally {
      this.#options.signal.removeEventListener('abort', this.#forward);
      this.#stop.abort();
      await this.#cursor.close();
    }
    return this.#complete(lines);
  }

  async #writeObject(index: number): Promise<ObjectLine> {
    const { store, folder, artifact, sealer, signal } = this.#options;
    const path = objectPath(artifact.path, {
      attempt: this.#attempt,
      codec: this.#codec,
      encrypted: sealer !== undefined,
      ...(this.#split ? { part: index } : {}),
    });
    const seal = await sealer?.begin();
    const stored = new Digest();
    const plain = seal ? new Digest() : stored;
    const source = this.#source(seal, plain, stored);
    const object = await store.create(folder + path, source, {
      signal,
      bytes: this.#split ? undefined : announcedBytes(artifact, this.#codec),
    });
    if (object.bytes !== stored.bytes) {
      throw new HoldfastError(
        'STORE_ERROR',
        `The store ${store.name} reports other bytes for ${folder}${path} than it was sent.`,
      );
    }
    return {
      path,
      bytes: stored.bytes,
      sha256: stored.sha256,
      ...(object.crc32 !== undefined && { crc32: object.crc32 }),
      ...(seal ? { plain: { bytes: plain.bytes, sha256: plain.sha256 } } : {}),
      codec: this.#codec,
      encrypted: seal !== undefined,
      role: artifact.role,
      subject: artifact.subject,
    };
  }

  /** What the store reads: the next part of the source, sealed where asked. */
  #source(seal: Seal | undefined, plain: Digest, stored: Digest): AsyncIterable<Uint8Array> {
    const limit = this.#options.store.maxObjectBytes;
    const capacity = seal ? seal.capacity(limit) : limit;
    const part = this.#noted(this.#cursor.part(capacity, !this.#split), plain);
    return seal ? measured(seal.apply(part), stored) : part;
  }

  async *#noted(part: AsyncIterable<Uint8Array>, plain: Digest): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of part) {
        plain.update(chunk);
        yield chunk;
      }
    } catch (error) {
      this.#sourceFailure = { error };
      throw error;
    }
  }

  #complete(lines: ObjectLine[]): ObjectLine[] {
    const { path: of } = this.#options.artifact;
    const entries = this.#inspector.entries;
    return lines.map((line, index) => ({
      ...line,
      ...(this.#split ? { part: { of, index, count: lines.length } } : {}),
      ...(index === 0 && entries ? { entries } : {}),
    }));
  }
}
