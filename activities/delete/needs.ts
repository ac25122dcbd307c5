import type { DeleteJob } from '../../workflows/contract/activities.ts';
import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { backupFolder, targetFolder } from '../catalog/layout.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { namesObjectsIn } from '../catalog/named-elsewhere.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { refusedUnread } from './refused-unread.ts';

const AT_ONCE = 8;

/** Whether other backups of the target rest on one. */
export class Needs {
  readonly #store: Store;
  readonly #job: DeleteJob;
  /**
   * Those that do not: what a manifest names never changes, and a copy that comes later names only what the manifest
   * rests on. With thousands of backups, a second look reads nothing but what has come since the first.
   */
  readonly #independent = new Set<string>();

  constructor(store: Store, job: DeleteJob) {
    this.#store = store;
    this.#job = job;
  }

  /**
   * A manifest that cannot be read might name it, so nothing is deleted then.
   * @throws BACKUP_NEEDED, BACKUP_DAMAGED, BACKUP_FORMAT_NEWER
   */
  async refuse(signal: AbortSignal): Promise<void> {
    const { target } = this.#job.snapshot;
    const ids = await this.#store.folders(targetFolder(target), { signal });
    const others = ids.filter(
      (id) => BACKUP_ID.test(id) && id !== this.#job.backup && !this.#independent.has(id),
    );
    await eachBounded(others, AT_ONCE, (id) => this.#refuseFor(id, signal));
  }

  async #refuseFor(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#refuseIfNamed(id, signal);
    } catch (error) {
      throw refusedUnread(this.#store, this.#job, id, error);
    }
  }

  async #refuseIfNamed(id: string, signal: AbortSignal): Promise<void> {
    const { backup, snapshot } = this.#job;
    const manifest = await this.#committed(id, signal);
    // It may be committed by the second look.
    if (!manifest) return;
    const rests = manifest.delegated?.bases.some((base) => base.backup === backup) ?? false;
    const folder = backupFolder(snapshot.target, backup);
    if (rests || (await namesObjectsIn(this.#store, manifest, folder, signal))) {
      throw new HoldfastError(
        'BACKUP_NEEDED',
        `Backup ${backup} of ${snapshot.target} is not deleted: backup ${id} rests on it.`,
      );
    }
    this.#independent.add(id);
  }

  async #committed(id: string, signal: AbortSignal): Promise<Manifest | undefined> {
    try {
      return await readManifest(this.#store, this.#job.snapshot.target, id, signal);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'BACKUP_UNKNOWN') return undefined;
      throw error;
    }
  }
}
