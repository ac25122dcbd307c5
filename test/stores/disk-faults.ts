import type { PathLike } from 'node:fs';
import fileSystem, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';

type Call =
  'stat' | 'open' | 'readdir' | 'readFile' | 'link' | 'unlink' | 'rmdir' | 'write' | 'sync';

/** What a file system answers to a call about a path: the name of its error, or nothing; a dead one never does. */
type Fault = (call: Call, path: string) => string | undefined | Promise<string | undefined>;

interface Disk {
  fault: Fault;
  /** What files hold in the place of what they really hold. */
  contents: Record<string, string>;
  /**
   * Where the file system tells no types with the names of a folder, and Node has to look at each entry: what happens
   * between the two.
   */
  untyped: ((folder: string) => Promise<void>) | undefined;
}

/**
 * A file system that fails as the test asks, also for root, who may do everything. For everybody who has imported its
 * functions, which a mock of the module does not reach in a process of several test files.
 */
export function diskFaults(): Disk {
  const none: Fault = () => undefined;
  const disk: Disk = { fault: none, contents: {}, untyped: undefined };
  const { stat, lstat, open, readdir, readFile, link, unlink, rmdir } = fileSystem;
  const real = { stat, open, readdir, readFile, link, unlink, rmdir };
  const check = async (call: Call, path: unknown) => {
    const code = await disk.fault(call, String(path));
    if (code === undefined) return;
    throw Object.assign(new Error(`${code}: ${call} '${String(path)}'`), { code, path });
  };
  type Any = (...args: unknown[]) => Promise<unknown>;
  const failing = Object.fromEntries(
    Object.entries(real).map(([call, run]) => [
      call,
      async (...args: unknown[]) => {
        await check(call as Call, args[0]);
        const instead = call === 'readFile' ? disk.contents[String(args[0])] : undefined;
        if (instead !== undefined) return instead;
        if (call === 'readdir' && disk.untyped)
          return namesThenTypes(...(args as [string, object?]));
        return (run as Any)(...args);
      },
    ]),
  );
  const namesThenTypes = async (folder: string, options?: object) => {
    const names = await readdir(folder);
    await disk.untyped?.(folder);
    if (!options || !('withFileTypes' in options)) return names;
    const look = async (name: string) => Object.assign(await lstat(join(folder, name)), { name });
    return Promise.all(names.map(look));
  };
  const opening = async (path: PathLike, ...rest: [string?, number?]): Promise<FileHandle> => {
    await check('open', path);
    const handle = await open(path, ...rest);
    const writev = handle.writev.bind(handle) as Any;
    const write = async (...args: unknown[]) => {
      await check('write', path);
      return writev(...args);
    };
    const flush = handle.sync.bind(handle);
    const sync = async () => {
      await check('sync', path);
      return flush();
    };
    return Object.assign(handle, { writev: write, sync });
  };
  const use = (functions: object) => {
    Object.assign(fileSystem, functions);
    syncBuiltinESMExports();
  };
  beforeAll(() => use({ ...failing, open: opening }));
  afterAll(() => use(real));
  afterEach(() => {
    disk.fault = none;
    disk.contents = {};
    disk.untyped = undefined;
  });
  return disk;
}
