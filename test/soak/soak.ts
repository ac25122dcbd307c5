import { drawEpisode, firstBackups, told } from './draw.ts';
import { play } from './episode.ts';
import { Ledger } from './ledger.ts';
import { seeded } from './prng.ts';
import { closing } from './settle.ts';
import type { World } from './world.ts';

/** Plays so many episodes on one stage. @returns every violation, with what was drawn */
export async function soak(
  world: World,
  options: { seed: number; episodes: number; say: (line: string) => void },
): Promise<string[]> {
  const { seed, episodes, say } = options;
  const ledger = new Ledger();
  const violations: string[] = [];
  for (let number = 0; number <= episodes; number++) {
    const random = seeded(seed, number);
    const episode = number === 0 ? firstBackups(world) : drawEpisode(random, world, number);
    const drawn = [`seed ${seed}, episode ${number}`, ...told(episode)];
    say(drawn.join('\n  '));
    const outcome = await play(world, ledger, episode, random);
    for (const line of outcome.told) say(`  -> ${line}`);
    for (const problem of outcome.problems) {
      say(`  VIOLATION ${problem}`);
      violations.push([problem, ...drawn, ...outcome.told].join('\n  '));
    }
  }
  say(`seed ${seed}: every backup is verified`);
  for (const problem of await closing(world, ledger)) {
    say(`  VIOLATION ${problem}`);
    violations.push(`seed ${seed}, at the end: ${problem}`);
  }
  return violations;
}
