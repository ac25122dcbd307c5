import type { CollectedLine } from '../catalog/collected.ts';
import { foundDamaged, ownerOf } from '../catalog/damage.ts';
import { backupFolder, DATA } from '../catalog/layout.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import type { Opener } from '../pipeline/age/opener.ts';
import { checkArtifact } from '../pipeline/check-artifact.ts';
import { lineKey } from '../pipeline/line-key.ts';
import type { Store, StoredObject } from '../stores/store.ts';

interface Place {
  store: Store;
  /** The backup whose lines are asked about. */
  manifest: { target: string; id: string };
  opener: Opener | undefined;
  signal: AbortSignal;
}

/** What lies in the folder of one backup. */
interface Folder {
  there: Map<string, StoredObject>;
  doubted: Set<string>;
}

/**
 * Whether what copies wrote still lies in the store: by its size. What a verification found damaged is read again, since
 * the fault may have been one of reading.
 */
export class SoundLines {
  readonly #place: Place;
  readonly #folders = new Map<string, Promise<Folder>>();
  readonly #judged = new Map<string, Promise<boolean>>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** @param lines every part of the copy of one object */
  isSound(object: ProductObject, lines: CollectedLine[]): Promise<boolean> {
    const name = lines.map((line) => this.#keyOf(line)).join('\n');
    return once(this.#judged, name, () => this.#judge(object, lines));
  }

  async isThere(line: CollectedLine): Promise<boolean> {
    return (await this.#find(this.#keyOf(line))) !== undefined;
  }

  async #judge(object: ProductObject, lines: CollectedLine[]): Promise<boolean> {
    if (plainBytes(lines) !== object.bytes) return false;
    let isDoubted = false;
    for (const line of lines) {
      const key = this.#keyOf(line);
      const there = await this.#find(key);
      if (there?.bytes !== line.bytes) return false;
      const { doubted } = await this.#folder(ownerOf(key));
      isDoubted ||= doubted.has(key);
      // What can be brought back is no reason to copy it again; nothing need come to rest on it.
      if (there.archived && (isDoubted || line.from !== undefined)) return false;
    }
    return !isDoubted || this.#readsWell(lines);
  }

  async #readsWell(lines: CollectedLine[]): Promise<boolean> {
    const { store, manifest, opener, signal } = this.#place;
    const folder = backupFolder(manifest.target, manifest.id);
    const { findings } = await checkArtifact({ store, folder, lines, opener, signal });
    return findings.length === 0;
  }

  #keyOf(line: CollectedLine): string {
    const { target, id } = this.#place.manifest;
    return lineKey(backupFolder(target, id), line);
  }

  async #find(key: string): Promise<StoredObject | undefined> {
    const { store, signal } = this.#place;
    const { there } = await this.#folder(ownerOf(key));
    // A listing may lag behind.
    return there.get(key) ?? store.head(key, { signal });
  }

  #folder(owner: string): Promise<Folder> {
    return once(this.#folders, owner, async () => {
      const { store, manifest, signal } = this.#place;
      const there = new Map<string, StoredObject>();
      const prefix = backupFolder(manifest.target, owner) + DATA;
      for await (const object of store.list(prefix, { signal })) there.set(object.key, object);
      const doubted = await foundDamaged(store, manifest.target, there.keys(), signal);
      return { there, doubted: new Set(doubted.keys()) };
    });
  }
}

function plainBytes(lines: CollectedLine[]): number {
  return lines.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0);
}

function once<T>(known: Map<string, Promise<T>>, name: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(name) ?? find();
  known.set(name, found);
  return found;
}
