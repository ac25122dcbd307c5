/** Random numbers that a seed tells: what was drawn once can be drawn again. */
export interface Random {
  /** From 0 up to, and without, 1. */
  share(): number;
  /** Both ends included. */
  between(least: number, most: number): number;
  chance(share: number): boolean;
  of<T>(choices: readonly T[]): T;
}

/** @param seeds of the whole soak, and of the episode: each episode draws the same, whatever those before it drew */
export function seeded(...seeds: number[]): Random {
  let state = seeds.reduce((mixed, seed) => scramble(mixed ^ Math.imul(seed + 1, 0x9e3779b1)), 7);
  const share = () => {
    state = (state + 0x6d2b79f5) | 0;
    return (scramble(state) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(share() * (most - least + 1));
  return {
    share,
    between,
    chance: (of) => share() < of,
    of: (choices) => {
      const chosen = choices[between(0, choices.length - 1)];
      if (chosen === undefined) throw new Error('There is nothing to choose from.');
      return chosen;
    },
  };
}

/** The end of Mulberry32. */
function scramble(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 15), number | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return mixed ^ (mixed >>> 14);
}
