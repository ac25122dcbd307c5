import { readFileSync } from 'node:fs';
import fileSystem, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

/** A call of a file system; `create` opens a new file, and `read`, `write` and `sync` are of an open one. */
export type DiskCall =
  | 'create'
  | 'open'
  | 'stat'
  | 'readdir'
  | 'link'
  | 'unlink'
  | 'rename'
  | 'mkdir'
  | 'rmdir'
  | 'read'
  | 'write'
  | 'sync';

/** What goes wrong from then on: `times` calls of a process, after `skip` that go well. */
export interface DiskFault {
  /** A process counts by it. */
  id: number;
  on: readonly DiskCall[];
  /** Of the error. Without one, the call only takes its time. */
  errno?: string;
  /** The call is done, and nobody hears of it. */
  executed?: boolean;
  ms?: number;
  skip: number;
  times: number;
}

export interface BadDisk {
  root: string;
  /** Where a file with a list of faults lies, for as long as there are some. */
  faults: string;
}

type Call = (...args: unknown[]) => Promise<unknown>;

/** Lets the calls of this process about a folder fail as that file says: also those of root, who may do everything. */
export function failOn({ root, faults }: BadDisk): void {
  const met = new Map<number, number>();
  const struck = (call: DiskCall, path: unknown): DiskFault | undefined => {
    if (!`${String(path)}/`.startsWith(`${root}/`)) return undefined;
    return planned(faults).find(({ id, on, skip, times }) => {
      if (!on.includes(call)) return false;
      const count = (met.get(id) ?? 0) + 1;
      met.set(id, count);
      return count > skip && count <= skip + times;
    });
  };
  const failing = (call: DiskCall, run: Call, path?: unknown): Call => {
    return async (...args) => {
      const creates = call === 'open' && args[1] === 'wx';
      const fault = struck(creates ? 'create' : call, path ?? args[0]);
      if (fault?.ms !== undefined) await sleep(fault.ms);
      if (fault?.errno === undefined) return run(...args);
      if (fault.executed) await run(...args);
      throw Object.assign(new Error(`${fault.errno}: ${call}`), { code: fault.errno, path });
    };
  };
  const real = fileSystem as unknown as Record<string, Call>;
  const calls = ['stat', 'readdir', 'link', 'unlink', 'rename', 'mkdir', 'rmdir'] as const;
  const changed = Object.fromEntries(
    calls.map((call) => [call, failing(call, real[call] as Call)]),
  );
  const { open } = fileSystem;
  const opening = failing('open', open as Call);
  changed['open'] = async (...args) => {
    const handle = (await opening(...args)) as FileHandle;
    const own = handle as unknown as Record<string, Call>;
    const wrap = (call: DiskCall, method: string) => {
      own[method] = failing(call, (own[method] as Call).bind(handle), args[0]);
    };
    wrap('write', 'writev');
    wrap('sync', 'sync');
    wrap('read', 'read');
    return handle;
  };
  Object.assign(fileSystem, changed);
  syncBuiltinESMExports();
}

function planned(path: string): DiskFault[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DiskFault[];
  } catch {
    return [];
  }
}
