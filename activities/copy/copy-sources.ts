import type { CopyJob } from '../../workflows/contract/activities.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import type { Store } from '../stores/store.ts';
import { openerIfHere } from '../workspace.ts';
import { currentCopy, type CurrentCopy } from './current-copy.ts';
import { SoundLines } from './sound-lines.ts';

/** What a copy is planned from, and judged by. */
export interface CopySources {
  store: Store;
  manifest: Manifest;
  /** To be mended, unless it is whole. */
  current: CurrentCopy | undefined;
  sound: SoundLines;
  signal: AbortSignal;
}

export async function copySources(
  store: Store,
  { snapshot, backup }: CopyJob,
  signal: AbortSignal,
): Promise<CopySources> {
  const manifest = await readManifest(store, snapshot.target, backup, signal);
  const current = await currentCopy(store, manifest, signal);
  const opener = await openerIfHere(snapshot);
  const sound = new SoundLines({ store, manifest, opener, signal });
  return { store, manifest, current, sound, signal };
}
