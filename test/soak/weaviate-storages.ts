import type { Manifest } from '../../activities/catalog/manifest.ts';
import type { Stage } from '../faults/stage.ts';
import type { WeaviateSimulator } from '../simulators/weaviate/index.ts';
import { lackingCopies, readKept } from './kept.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './prng.ts';

interface Owned {
  server: WeaviateSimulator;
  /** Whose backups it writes. */
  targets: readonly string[];
}

/** Where servers write their backups by themselves. */
export class WeaviateStorages {
  readonly #stage: Stage;
  readonly #owned: readonly Owned[];
  /** Names of backups that a server has lost since. */
  readonly #lost = new Set<string>();

  constructor(stage: Stage, owned: readonly Owned[]) {
    this.#stage = stage;
    this.#owned = owned;
  }

  /** What a server wrote for a backup is gone; it has a copy. */
  async lose(random: Random): Promise<void> {
    const { server, targets } = random.of(this.#owned);
    const place = server.storage.place();
    const copied: string[] = [];
    for (const name of new Set((await place.list('')).map(folderOf))) {
      for (const target of targets)
        if (await readKept(this.#stage, target, name, 'collected.json')) copied.push(name);
    }
    if (copied.length === 0) return;
    const name = random.of(copied);
    this.#lost.add(name);
    for (const key of await place.list(`${name}/`)) await place.remove(key);
  }

  /** Each holds all that its server wrote for the backups that there are, and nothing else. */
  async problems(ledger: Ledger): Promise<string[]> {
    const all = this.#owned.map(async ({ server, targets }) => {
      const due = await this.#due(ledger, targets);
      const keys = await server.storage.place().list('');
      const strays = keys.filter((key) => !due.has(folderOf(key)));
      return [
        ...strays.map((key) => `stray ${backupOf(key)} at ${targets.join(', ')}: ${key}`),
        ...[...due].flatMap(([name, count]) => {
          const there = keys.filter((key) => folderOf(key) === name).length;
          return there === count || (there === 0 && this.#lost.has(name))
            ? []
            : [`of ${name} at ${targets.join(', ')} are ${there} of ${count} objects`];
        }),
      ];
    });
    const lacking = lackingCopies(this.#stage, ledger);
    return (await Promise.all([...all, lacking])).flat();
  }

  /** How many objects, by the name that the server knows. */
  async #due(ledger: Ledger, targets: readonly string[]): Promise<Map<string, number>> {
    const due = new Map<string, number>();
    for (const { id, target } of ledger.all()) {
      if (!targets.includes(target)) continue;
      const text = await readKept(this.#stage, target, id, 'backup.json');
      const { delegated } = JSON.parse(text ?? '{}') as Partial<Manifest>;
      if (delegated) due.set(delegated.name, delegated.count);
    }
    return due;
  }
}

function folderOf(key: string): string {
  return key.split('/')[0] ?? '';
}

/** Claims bear its name too; a later round has a name of its own. */
function backupOf(key: string): string {
  return /[0-9t-]+z-[0-9a-f]{6}/.exec(key)?.[0] ?? key;
}
