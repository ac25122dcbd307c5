import { HoldfastError } from '../../failure.ts';
import type { LiveLabel, Resources } from './resources.ts';

/**
 * A server that refuses the metadata of a restore has kept its own, and may look just as it would with those of the
 * backup: when it is restored onto itself. So a label is left there first, which a replacement takes away.
 */
const PREFIX = 'holdfast-restore-';

/** Only ever before the first attempt to replace anything. Without a label, what is there counts as replaced. */
export async function leaveLabel(run: string, resources: Resources): Promise<void> {
  try {
    const [organisation] = await resources.organisations();
    if (organisation) await resources.createLabel(organisation.id, PREFIX + run);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}

export async function labelOf(run: string, resources: Resources): Promise<LiveLabel | undefined> {
  return (await resources.labels()).find(({ name }) => name === PREFIX + run);
}

/** The run that left a label. */
export function runOfLabel({ name }: LiveLabel): string | undefined {
  return /^holdfast-restore-([0-9a-f]{8})$/.exec(name)?.[1];
}
