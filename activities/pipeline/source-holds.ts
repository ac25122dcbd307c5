import type { ObjectLine } from '../catalog/manifest.ts';
import { guardStall } from './guard-stall.ts';
import { holdsSame } from './holds-same.ts';
import type { StoreArtifactOptions } from './store-artifact-options.ts';
import { openSource } from './write-attempt.ts';

/** Whether the source still has what is stored, byte by byte. What is not so is taken from the count again. */
export async function sourceHolds(
  options: StoreArtifactOptions,
  lines: ObjectLine[],
): Promise<boolean | 'gone'> {
  const { artifact, signal, stallMs, throttle, onBytes } = options;
  const giveUp = () => onBytes?.(-lines.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0));
  try {
    const opened = await openSource(options);
    if (opened === 'gone') {
      giveUp();
      return 'gone';
    }
    const silence = opened.endsSilence ? undefined : stallMs;
    const body = guardStall(opened.body, silence, signal, artifact.subject);
    const slowly = async function* () {
      for await (const chunk of body) {
        await throttle?.take(chunk.length, signal);
        yield chunk;
      }
    };
    const codec = lines.every((line) => line.codec === opened.codec);
    const same = (await holdsSame(lines, slowly())) && codec;
    if (!same) giveUp();
    return same;
  } catch (error) {
    giveUp();
    throw error;
  }
}
