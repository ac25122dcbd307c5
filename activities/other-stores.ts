import { BACKUP_ID } from '../workflows/contract/names.ts';
import type { StoreSettings } from '../workflows/contract/snapshot.ts';
import { targetFolder } from './catalog/layout.ts';
import type { Dependencies } from './dependencies.ts';
import { HoldfastError } from './failure.ts';
import { settledWithin } from './stores/interruption.ts';
import type { Store } from './stores/store.ts';

/** It is a remark: a store that does not answer must not keep anybody from what was asked for. */
const PATIENCE_MS = 5_000;

interface Wanted {
  target: string;
  /** Where the configuration has the target's backups lie now. */
  store: string;
  /** Default: any. */
  backup?: string;
}

/** Names of the other stores of the configuration that have backups of a target, or this one: it was moved away from there. */
export async function otherStoresWith(
  { loadConfig, stores: resources }: Pick<Dependencies, 'loadConfig' | 'stores'>,
  { target, store, backup = 'latest' }: Wanted,
): Promise<string[]> {
  const { stores } = await loadConfig();
  const others = [...stores.values()].filter(({ name }) => name !== store);
  // The SDK of S3 takes a while to load.
  const { openStore } = await import('./stores/open-store.ts');
  const holds = async (settings: StoreSettings): Promise<boolean> => {
    const other = openStore(settings, resources);
    const folder = targetFolder(target);
    try {
      const names = await (settings.type === 'directory'
        ? oneAtATime(() => foldersOfDirectory(other, folder))
        : other.folders(folder, { signal: AbortSignal.timeout(PATIENCE_MS) }));
      return backup === 'latest'
        ? names.some((name) => BACKUP_ID.test(name))
        : names.includes(backup);
    } finally {
      await other.close();
    }
  };
  const found = await Promise.all(others.map((one) => holds(one).catch(() => false)));
  return others.filter((_, at) => found[at]).map(({ name }) => name);
}

let turn: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(look: () => Promise<T>): Promise<T> {
  const mine = turn.then(look);
  turn = mine.catch(() => undefined);
  return mine;
}

/**
 * A look at a dead mount never ends, and holds one of the four threads that all files of this process share: while it
 * does, no other directory is looked at, so it stays the only one.
 */
let silent = false;

async function foldersOfDirectory(directory: Store, folder: string): Promise<string[]> {
  if (silent) return [];
  const looking = directory.folders(folder);
  if (await settledWithin(looking, PATIENCE_MS)) return looking;
  silent = true;
  const heard = () => (silent = false);
  void looking.then(heard, heard);
  return [];
}

/** Looks for a backup; of one that is not there it is said where else backups of the target lie. @throws BACKUP_UNKNOWN */
export async function namingOtherStores<T>(
  deps: Pick<Dependencies, 'loadConfig' | 'stores'>,
  wanted: Wanted,
  find: () => Promise<T>,
): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BACKUP_UNKNOWN') throw error;
    const others = await otherStoresWith(deps, wanted).catch(() => []);
    if (others.length === 0) throw error;
    throw new HoldfastError(error.code, `${error.message} ${lieIn(others, wanted)}.`, {
      cause: error,
      hint: wayTo(others, wanted),
    });
  }
}

export function lieIn(others: string[], { target, backup = 'latest' }: Wanted): string {
  const which = backup === 'latest' ? `Backups of ${target} lie` : 'It lies';
  return `${which} in ${others.map((name) => `store ${name}`).join(' and ')}, which the target does not use now`;
}

export function wayTo([store = '']: string[], { target }: Wanted): string {
  return `To reach them, let \`store\` of ${target} be ${store}: in a second configuration file (\`--config\`) for list, show and export; for all else in that of the worker.`;
}
