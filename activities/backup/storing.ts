import type { ObjectLine } from '../catalog/manifest.ts';
import type { StoreArtifactOptions } from '../pipeline/store-artifact-options.ts';
import { storeArtifact } from '../pipeline/store-artifact.ts';
import type { ArtifactPlan } from '../products/product.ts';
import { openerIfHere, sealerOf, throttleOf } from '../workspace.ts';
import type { UnderWay } from './under-way.ts';

type StoreOne = (
  artifact: ArtifactPlan,
  open: StoreArtifactOptions['open'],
  options?: Pick<StoreArtifactOptions, 'adopt' | 'known'>,
) => Promise<ObjectLine[]>;

/** Stores what a backup reads: encrypted and throttled as its target has it, and counted for those who watch. */
export async function storing({ at, job, store, folder }: UnderWay): Promise<StoreOne> {
  const { snapshot } = job;
  const [sealer, opener, throttle] = [
    await sealerOf(snapshot),
    await openerIfHere(snapshot),
    throttleOf(snapshot),
  ];
  return async (artifact, open, options) => {
    const lines = await storeArtifact({
      ...options,
      store,
      folder,
      artifact,
      open,
      sealer,
      opener,
      throttle,
      fresh: at.number === 1,
      signal: at.signal,
      stallMs: snapshot.timeouts.stall,
      onBytes: (bytes) => {
        at.figures.bytes += bytes;
      },
    });
    at.figures.artifacts += 1;
    return lines;
  };
}
