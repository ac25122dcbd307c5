import type { Manifest } from '../../activities/catalog/manifest.ts';
import type { Stage } from '../faults/stage.ts';
import type { EnterpriseSimulator } from '../simulators/influxdb-3-enterprise/index.ts';
import { lackingCopies, readKept } from './kept.ts';
import type { KnownBackup, Ledger } from './ledger.ts';
import type { Random } from './prng.ts';

/** A cluster, and whose backups it writes. */
export interface Owned {
  server: EnterpriseSimulator;
  targets: readonly string[];
}

/** What the manifest of a backup says of what the cluster wrote for it. */
interface Due {
  target: string;
  name: string;
  count: number;
}

/** The lists of backups of clusters, and their storages. */
export class EnterpriseStorages {
  readonly #stage: Stage;
  readonly #owned: readonly Owned[];
  /** Names of backups that somebody deleted at the server. */
  readonly #lost = new Set<string>();

  constructor(stage: Stage, owned: readonly Owned[]) {
    this.#stage = stage;
    this.#owned = owned;
  }

  /** Somebody deletes a backup at the server; it has a copy. */
  async lose(random: Random): Promise<void> {
    const { server, targets } = random.of(this.#owned);
    const { backups, storage, id } = server.cluster;
    const copied: string[] = [];
    for (const name of backups.keys()) {
      for (const target of targets)
        if (await readKept(this.#stage, target, name, 'collected.json')) copied.push(name);
    }
    if (copied.length === 0) return;
    const name = random.of(copied);
    this.#lost.add(name);
    backups.delete(name);
    const objects = await storage.list(`${id}/backups/${name}/`);
    await storage.remove(objects.map(({ key }) => key));
  }

  /** Each cluster lists and holds what it wrote for the backups that there are, and nothing else. */
  async problems(ledger: Ledger): Promise<string[]> {
    const due = (await Promise.all(ledger.all().map((one) => this.#dueOf(one)))).flat();
    const all = this.#owned.map((owned) => this.#problemsOf(owned, due));
    const lacking = lackingCopies(this.#stage, ledger);
    return (await Promise.all([...all, lacking])).flat();
  }

  async #problemsOf({ server, targets }: Owned, due: readonly Due[]): Promise<string[]> {
    const { id, storage, backups, restores } = server.cluster;
    const where = targets.join(' and ');
    const root = `${id}/backups/`;
    const lying = (await storage.list(root)).map(({ key }) => key.slice(root.length).split('/')[0]);
    // It learns only when it is asked that what was put back is gone again.
    const listed = [...backups.values()].filter(({ putBack }) => !putBack);
    const own = due.filter(({ target }) => targets.includes(target));
    const strays = [...new Set([...lying, ...listed.map(({ name }) => name)])].filter(
      (name) => name === undefined || this.#lost.has(name) || own.every((one) => one.name !== name),
    );
    const wrong = own.flatMap(({ name, count }) => {
      if (this.#lost.has(name)) return [];
      const found = lying.filter((one) => one === name).length;
      const status = backups.get(name)?.status ?? 'absent';
      if (found === count && status === 'completed') return [];
      return [`${name} at ${where} has ${found} objects of ${count}, and is ${status}`];
    });
    const restoring = restores.filter(({ work }) => work);
    return [
      ...strays.map((name) => `${name} at ${where} is nobody's`),
      ...restoring.map(({ backup }) => `${backup} at ${where} is being restored, for nobody`),
      ...wrong,
    ];
  }

  async #dueOf({ id, target }: KnownBackup): Promise<Due[]> {
    const text = (await readKept(this.#stage, target, id, 'backup.json')) ?? '{}';
    const { delegated } = JSON.parse(text) as Partial<Manifest>;
    return delegated ? [{ target, name: delegated.name, count: delegated.count }] : [];
  }
}
