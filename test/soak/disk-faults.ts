import { rename, rm, writeFile } from 'node:fs/promises';
import type { BadDisk, DiskCall, DiskFault } from '../support/bad-disk.ts';
import type { Random } from './prng.ts';
import type { Fault } from './world.ts';

type Plan = Pick<DiskFault, 'on' | 'errno' | 'executed' | 'ms'>;

const MAKES: DiskCall[] = ['create', 'mkdir', 'link', 'rename'];
const CHANGES: DiskCall[] = [...MAKES, 'unlink', 'rmdir'];
const ANY: DiskCall[] = [...CHANGES, 'open', 'stat', 'readdir', 'read', 'write', 'sync'];

/** A run may end on account of one. */
const ENDING: Record<string, Plan> = {
  full: { on: ['create', 'write', 'mkdir', 'link'], errno: 'ENOSPC' },
  'full at the last moment': { on: ['sync', 'link'], errno: 'ENOSPC' },
  'quota used up': { on: ['write'], errno: 'EDQUOT' },
  'read-only': { on: CHANGES, errno: 'EROFS' },
  'denied to write': { on: MAKES, errno: 'EACCES' },
  'denied to remove': { on: ['unlink'], errno: 'EACCES' },
  'denied to read': { on: ['open', 'readdir', 'stat'], errno: 'EACCES' },
};

const PASSING: Record<string, Plan> = {
  'input and output': { on: [...CHANGES, 'write', 'sync'], errno: 'EIO' },
  'server lost': { on: ANY, errno: 'ESTALE' },
  'done and not told': { on: ['create', 'mkdir', 'link', 'unlink'], errno: 'EIO', executed: true },
  'too many files': { on: ['create', 'open', 'readdir'], errno: 'EMFILE' },
  slow: { on: ANY, ms: 100 },
};

/** Each read is tried four times, a moment apart. */
const UNREADABLE: Plan = { on: ['read'], errno: 'EIO' };

export interface SoakedDisk {
  fault(random: Random): Fault;
  calm(): Promise<void>;
}

/** The disk of a store, as the workers see it. */
export function soakedDisk({ root, faults }: BadDisk): SoakedDisk {
  const planned: DiskFault[] = [];
  let last = 0;
  let away = false;
  const elsewhere = `${root}.away`;
  const plan = async (fault: DiskFault) => {
    planned.push(fault);
    await writeFile(faults, JSON.stringify(planned));
  };
  const back = async () => {
    if (away) await rename(elsewhere, root);
    away = false;
  };
  return {
    fault(random) {
      if (random.chance(0.1)) {
        const begin = async () => {
          if (!away) await rename(root, elsewhere);
          away = true;
        };
        return { name: 'disk: taken away', begin, end: back, ends: true };
      }
      const kind = random.of(['passing', 'passing', 'ending', 'unreadable'] as const);
      const table: Record<string, Plan> = {
        passing: PASSING,
        ending: ENDING,
        unreadable: { unreadable: UNREADABLE },
      }[kind];
      const name = random.of(Object.keys(table));
      const times = random.of([1, 1, random.between(2, 12), 1_000]);
      const skip = random.of([0, random.between(0, 20), random.between(0, 120)]);
      const rule = table[name] ?? UNREADABLE;
      const id = ++last;
      return {
        name: `disk: ${name}, ${times} times after ${skip}`,
        begin: () => plan({ ...rule, id, skip, times }),
        end: async () => {
          const at = planned.findIndex((one) => one.id === id);
          if (at >= 0) planned.splice(at, 1);
          await writeFile(faults, JSON.stringify(planned));
        },
        ends: kind !== 'passing',
        ...(kind === 'unreadable' ? { damages: true } : {}),
      };
    },
    async calm() {
      planned.length = 0;
      await rm(faults, { force: true });
      await back();
    },
  };
}
