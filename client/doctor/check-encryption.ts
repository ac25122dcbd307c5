import { HoldfastError } from '../../activities/failure.ts';
import { AgeFault } from '../../activities/pipeline/age/age-fault.ts';
import type { Opener } from '../../activities/pipeline/age/opener.ts';
import type { Sealer } from '../../activities/pipeline/age/sealer.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { asHoldfastError } from '../failures.ts';
import type { Check } from './check.ts';

/** That backups can be encrypted, and that this host can open them if it is told to; no word where all is well. */
export async function checkEncryption(snapshot: TargetSnapshot): Promise<Check[]> {
  const { openerOf, sealerOf } = await import('../../activities/workspace.ts');
  try {
    const sealer = await sealerOf(snapshot);
    await sealer?.selfTest();
    const opener = await openerOf(snapshot).catch((error: unknown) => {
      throw forRestores(snapshot.target, error);
    });
    if (sealer && opener) await openWhatIsSealed(snapshot.target, sealer, opener);
    return [];
  } catch (error) {
    const { message, hint } = asHoldfastError(error);
    return [{ area: 'target', subject: snapshot.target, level: 'problem', message, hint }];
  }
}

async function openWhatIsSealed(target: string, sealer: Sealer, opener: Opener): Promise<void> {
  const seal = await sealer.begin();
  try {
    for await (const _ of opener.open(seal.apply(aFewBytes()))) continue;
  } catch (error) {
    if (!(error instanceof AgeFault) || error.kind !== 'no identity') throw error;
    throw new HoldfastError(
      'IDENTITY_MISSING',
      `No restore or deep verification of new backups can succeed on this host: the age identity of target ${target} ` +
        'belongs to none of its recipients.',
      { hint: 'Add the recipient of this identity, or give the identity of a recipient.' },
    );
  }
}

async function* aFewBytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('holdfast');
}

function forRestores(target: string, error: unknown): unknown {
  if (!(error instanceof HoldfastError)) return error;
  return new HoldfastError(
    error.code,
    `No encrypted backup of target ${target} can be restored on this host: ${error.message}`,
    { cause: error, hint: error.hint },
  );
}
