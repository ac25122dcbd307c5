import type { Stats } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { HoldfastError } from '../../failure.ts';
import type { StoreSettings } from '../../../workflows/contract/snapshot.ts';
import { delayed, Interruption, settledWithin, unlessAborted } from '../interruption.ts';
import { checkPrefix } from '../keys.ts';
import { SourceFailure, stopSource } from '../stop-source.ts';
import type { HostIdentity } from '../host-identity.ts';
import type { StoreResources } from '../resources.ts';
import type {
  CallOptions,
  OpenUpload,
  ProbeFinding,
  ReadOptions,
  Store,
  StoredObject,
} from '../store.ts';
import { type Access, accessLike, ownAccess } from './access.ts';
import { type Answered, answering, FLUSH } from './answers.ts';
import { discard, openTemporary, publish, replace, type TemporaryFile } from './durable.ts';
import { directoryFailure, errnoOf, isDenied, isUnreadable } from './failure.ts';
import { checkRoot, claimForHost } from './host-marker.ts';
import { HOST_MARKER, intendedName, pathOf } from './layout.ts';
import { probeDirectory } from './probe.ts';
import { readFileRange } from './read-file.ts';
import { removeFile } from './remove-file.ts';
import { fileAt, namesIn, walk } from './walk.ts';
import { writeStream } from './write-file.ts';

type Settings = Extract<StoreSettings, { type: 'directory' }>;

const COMMIT_GRACE_MS = 300;
/** What a disk that answers no more leaves behind is removed when it answers again, or with the backup. */
const CLEANING_MS = 500;

/** A local directory, or a shared one, with the guarantees of an object store. */
export class DirectoryStore implements Store {
  readonly name: string;
  readonly place: string;
  readonly maxObjectBytes: number;
  readonly #root: string;
  readonly #label: string;
  readonly #host: HostIdentity | undefined;
  readonly #guest: boolean;
  readonly #visitor: () => DirectoryStore;
  readonly #claims: boolean;
  readonly #answered: Answered;
  readonly #cleaning = new Set<Promise<void>>();
  #claimed: Promise<void> | undefined;

  /**
   * @param guest the directory is another program's, which is to use what is written here
   * @param claims the first host that writes makes the directory its own
   */
  constructor(
    settings: Settings,
    resources: StoreResources,
    { guest = false, claims = true } = {},
  ) {
    this.name = settings.name;
    this.#root = resolve(settings.path);
    this.place = this.#root;
    this.maxObjectBytes = settings.maxObjectSize ?? Number.MAX_SAFE_INTEGER;
    this.#label = `Store ${this.name} (${this.place})`;
    this.#host = settings.shared || guest ? undefined : resources.host;
    this.#guest = guest;
    this.#claims = claims;
    const silence = resources.shared(`silence of ${this.#root}`, () => ({ calls: 0 }));
    this.#answered = answering(silence, resources.answerMs);
    this.#visitor = () => new DirectoryStore(settings, resources, { guest, claims: false });
  }

  async put(key: string, bytes: Uint8Array, options: CallOptions = {}): Promise<StoredObject> {
    return this.#write(key, once(bytes), options, publish);
  }

  async create(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: CallOptions = {},
  ): Promise<StoredObject> {
    return this.#write(key, source, options, publish);
  }

  async overwrite(key: string, bytes: Uint8Array, options: CallOptions = {}) {
    return this.#write(key, once(bytes), options, replace);
  }

  /** Nothing lies in two places at once without its bytes being moved. */
  copyFrom(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async *read(key: string, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    const path = pathOf(this.#root, this.#label, key);
    try {
      yield* readFileRange(path, this.#label, key, this.#answered, options);
    } catch (error) {
      throw await this.#readFailure(error, `read ${key}`, options);
    }
  }

  async head(key: string, options: CallOptions = {}): Promise<StoredObject | undefined> {
    const found = await this.#lookAt(key, pathOf(this.#root, this.#label, key), options);
    if (found) return { key, bytes: found.size };
    await this.#call(`look at ${key}`, options, () => checkRoot(this.#root, this.#label));
    return undefined;
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncIterable<StoredObject> {
    checkPrefix(this.#label, prefix);
    for await (const { key, path } of this.#walk(prefix, 'objects', options)) {
      const found = await this.#lookAt(key, path, options);
      if (found) yield { key, bytes: found.size, modifiedAt: found.mtime };
    }
  }

  async folders(prefix: string, options: CallOptions = {}): Promise<string[]> {
    checkPrefix(this.#label, prefix);
    const call = <T>(run: () => Promise<T>) => this.#call(`list ${prefix}`, options, run);
    const found: string[] = [];
    await call(() => checkRoot(this.#root, this.#label));
    const calls = <T>(run: () => Promise<T>) => this.#calls(`list ${prefix}`, options, run);
    for (const name of await calls(() => this.#namesIn(prefix, options))) {
      if (!name.endsWith('/')) continue;
      // A folder without an object does not exist in an object store either.
      const holds = await calls(() => this.#holdsObjects(prefix + name, options));
      if (holds) found.push(name.slice(0, -1));
    }
    await call(() => checkRoot(this.#root, this.#label));
    return found;
  }

  /** What cannot be looked into may hold some: it must not keep others from being listed, nor go unnoticed. */
  async #holdsObjects(prefix: string, { signal }: CallOptions): Promise<boolean> {
    try {
      const [root, answered] = [this.#root, this.#answered];
      const objects = walk({ root, prefix, which: 'objects', answered, signal });
      return !(await objects[Symbol.asyncIterator]().next()).done;
    } catch (error) {
      if (isDenied(error) || isUnreadable(error)) return true;
      throw error;
    }
  }

  async #namesIn(prefix: string, options: CallOptions): Promise<string[]> {
    try {
      return await namesIn(join(this.#root, prefix), this.#answered);
    } catch (error) {
      throw isDenied(error) ? await this.#readFailure(error, `list ${prefix}`, options) : error;
    }
  }

  async *#walk(prefix: string, which: 'objects' | 'own', options: CallOptions) {
    const check = () =>
      this.#call(`list ${prefix}`, options, () => checkRoot(this.#root, this.#label));
    await check();
    const { signal } = options;
    const interruption = new Interruption(signal);
    const [root, answered] = [this.#root, this.#answered];
    const files = walk({ root, prefix, which, answered, signal })[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await interruption.wait(files.next());
        if (next.done) break;
        yield next.value;
      }
    } catch (error) {
      // A folder that this user may not enter is told by its name, whatever was listed.
      const { path } = error as NodeJS.ErrnoException;
      throw isDenied(error) && path !== undefined
        ? await this.#readFailure(error, `list ${relative(this.#root, path)}`, options)
        : directoryFailure(error, this.#label, `list ${prefix}`);
    } finally {
      interruption.end();
    }
    // The files of a disk that was taken away meanwhile look like removed ones.
    await check();
  }

  async #lookAt(key: string, path: string, options: CallOptions): Promise<Stats | undefined> {
    const action = `look at ${key}`;
    return this.#call(action, options, () =>
      fileAt(path).catch(async (error: unknown) => {
        throw await this.#readFailure(error, action, options);
      }),
    );
  }

  async remove(keys: string[], options: CallOptions = {}): Promise<void> {
    const folders = new Set<string>();
    for (const key of keys) {
      await this.#call(`remove ${key}`, options, async () => {
        const path = pathOf(this.#root, this.#label, key);
        await this.#claim();
        if (await removeFile(path)) folders.add(dirname(path));
      });
    }
    for (const folder of folders) {
      await this.#call(`remove ${keys[0]}`, options, () => this.#removeEmpty(folder));
    }
  }

  async *openUploads(prefix: string, options: CallOptions = {}): AsyncIterable<OpenUpload> {
    checkPrefix(this.#label, prefix);
    for await (const { key: id, path } of this.#walk(prefix, 'own', options)) {
      const name = intendedName(id.slice(id.lastIndexOf('/') + 1));
      if (name === undefined) continue;
      const key = id.slice(0, id.lastIndexOf('/') + 1) + name;
      const found = key.startsWith(prefix) && (await this.#lookAt(key, path, options));
      if (found) yield { key, id, startedAt: found.birthtime };
    }
  }

  async abortUpload(upload: OpenUpload, options: CallOptions = {}): Promise<void> {
    await this.#call(`remove the unfinished ${upload.key}`, options, async () => {
      const path = pathOf(this.#root, this.#label, upload.id);
      if (intendedName(upload.id.slice(upload.id.lastIndexOf('/') + 1)) === undefined) {
        throw new HoldfastError(
          'STORE_REFUSED',
          `${this.#label} has no unfinished file ${upload.id}.`,
        );
      }
      if (await removeFile(path)) await this.#removeEmpty(dirname(path));
    });
  }

  probe(options: CallOptions = {}): Promise<ProbeFinding[]> {
    return probeDirectory(this.#visitor(), this.#root, options);
  }

  /** A shared directory bears no mark, and is as empty again when its last backup was deleted. */
  async isBlank(options: CallOptions = {}): Promise<boolean> {
    if (!this.#host) return false;
    return this.#call('list its folders', options, async () => {
      await checkRoot(this.#root, this.#label);
      if (await fileAt(join(this.#root, HOST_MARKER))) return false;
      const names = await namesIn(this.#root, this.#answered);
      await checkRoot(this.#root, this.#label);
      const own = names.filter((name) => name.endsWith('/') && !name.startsWith('.'));
      return own.every((name) => name === 'lost+found/');
    });
  }

  async close(): Promise<void> {
    await settledWithin(Promise.all(this.#cleaning), CLEANING_MS);
  }

  async #write(
    key: string,
    source: AsyncIterable<Uint8Array>,
    { signal }: CallOptions,
    appear: (temporary: TemporaryFile, path: string) => Promise<void>,
  ): Promise<StoredObject> {
    const path = pathOf(this.#root, this.#label, key);
    const iterator = source[Symbol.asyncIterator]();
    const interruption = new Interruption(signal);
    let ended = false;
    let opening: Promise<TemporaryFile> | undefined;
    try {
      await interruption.wait(this.#answered(() => this.#claim()));
      const access = await interruption.wait(this.#answered(() => this.#access()));
      const open = () => (opening = openTemporary(this.#root, path, access));
      const temporary = await interruption.wait(this.#answered(open));
      const tooLong = () => this.#tooLong(key);
      const limit = this.maxObjectBytes;
      const to = { handle: temporary.handle, answered: this.#answered };
      const bytes = await writeStream(to, iterator, interruption, limit, tooLong);
      ended = true;
      await interruption.wait(this.#answered(() => temporary.handle.sync(), FLUSH));
      const appearing = this.#answered(() => appear(temporary, path));
      await this.#letFinish(appearing, signal);
      return { key, bytes };
    } catch (error) {
      const cleaning = this.#clean(opening);
      await Promise.all([ended || stopSource(iterator), settledWithin(cleaning, CLEANING_MS)]);
      if (error instanceof SourceFailure) throw error.thrown;
      if (errnoOf(error) === 'EEXIST') throw this.#exists(key);
      throw await this.#failure(error, `write ${key}`, { signal });
    } finally {
      interruption.end();
    }
  }

  /** A matter of moments and of one link: it is rather let finish than left in doubt, unless the disk answers no more. */
  async #letFinish(appearing: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const patient = delayed(signal, COMMIT_GRACE_MS);
    await unlessAborted(patient.signal, appearing).finally(() => patient.end());
  }

  #clean(opening: Promise<TemporaryFile> | undefined): Promise<void> {
    const cleaning = (async () => {
      const temporary = await opening?.catch(() => undefined);
      if (temporary) await discard(temporary).catch(() => undefined);
    })();
    this.#cleaning.add(cleaning);
    void cleaning.then(() => this.#cleaning.delete(cleaning));
    return cleaning;
  }

  /** Once per store: a root that vanishes later shows as an error of the call itself. */
  #claim(): Promise<void> {
    this.#claimed ??= (async () => {
      await checkRoot(this.#root, this.#label, 'write');
      if (!this.#host) return;
      const access = this.#claims ? await this.#access() : undefined;
      await claimForHost(this.#root, this.#label, this.#host, access);
    })();
    this.#claimed.catch(() => (this.#claimed = undefined));
    return this.#claimed;
  }

  #access(): Promise<Access> {
    return this.#guest ? accessLike(this.#root) : ownAccess(this.#root);
  }

  #call<T>(action: string, options: CallOptions, run: () => Promise<T>): Promise<T> {
    return this.#calls(action, options, () => this.#answered(run));
  }

  /** Several, each of which is given its time: a tree of many folders takes as long as it takes. */
  async #calls<T>(action: string, options: CallOptions, run: () => Promise<T>): Promise<T> {
    try {
      return await unlessAborted(options.signal, run());
    } catch (error) {
      throw await this.#failure(error, action, options);
    }
  }

  /** A missing root explains a missing file better than the file's own error. */
  async #failure(error: unknown, action: string, { signal }: CallOptions): Promise<unknown> {
    if (errnoOf(error) === 'ENOENT') {
      const checking = this.#answered(() => checkRoot(this.#root, this.#label));
      const looking = unlessAborted(signal, checking);
      const missing = await looking.catch((found: unknown) => found);
      if (missing) return directoryFailure(missing, this.#label, action);
    }
    return directoryFailure(error, this.#label, action);
  }

  /** One bad object is told apart from a file system that is gone as a whole, which may come back. */
  async #readFailure(error: unknown, action: string, options: CallOptions): Promise<unknown> {
    const { signal } = options;
    const looking = () => this.#answered(() => readdir(this.#root));
    const answers = () => unlessAborted(signal, looking()).then(Boolean, () => false);
    const denied = isDenied(error);
    if (!(denied || isUnreadable(error)) || !(await answers())) {
      return signal?.aborted ? signal.reason : this.#failure(error, action, options);
    }
    if (denied) {
      return new HoldfastError(
        'OBJECT_DENIED',
        `${this.#label} could not ${action}: this user (${process.geteuid?.() ?? 'unknown'}) may not (${errnoOf(error)}).`,
        { cause: error },
      );
    }
    return new HoldfastError(
      'OBJECT_UNREADABLE',
      `${this.#label} could not ${action}: the file system cannot read it (${errnoOf(error)}).`,
      { cause: error },
    );
  }

  async #removeEmpty(folder: string): Promise<void> {
    let path = folder;
    while (path !== this.#root && !relative(this.#root, path).startsWith(`..${sep}`)) {
      try {
        await rmdir(path);
      } catch {
        return;
      }
      path = dirname(path);
    }
  }

  #exists(key: string): HoldfastError {
    return new HoldfastError('OBJECT_EXISTS', `${this.#label} already holds ${key}.`);
  }

  #tooLong(key: string): HoldfastError {
    return new HoldfastError(
      'STORE_REFUSED',
      `${this.#label} takes objects up to ${this.maxObjectBytes} bytes, and ${key} is longer.`,
    );
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
