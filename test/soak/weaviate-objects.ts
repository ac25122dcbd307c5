import type { WeaviateSimulator } from '../simulators/weaviate/index.ts';
import { call, idOf } from '../workflows/seed-articles.ts';
import type { Random } from './prng.ts';
import type { AskedRestore } from './world.ts';

/** What the destination holds at first. */
export async function fillShelf(url: string): Promise<void> {
  for (const name of ['Article', 'Shelved']) {
    await call(url, 'POST', '/v1/schema', { class: name, vectorizer: 'none' });
    await writeArticles(url, name, 0, 5, name);
  }
}

/** Objects that are new, or written anew. */
export async function writeSome(
  server: WeaviateSimulator,
  random: Random,
  number: number,
): Promise<void> {
  const from = random.between(0, 120);
  await writeArticles(server.url, 'Article', from, random.between(1, 40), `written ${number}`);
  if (random.chance(0.3)) await call(server.url, 'DELETE', `/v1/objects/Article/${idOf(from)}`);
}

async function writeArticles(
  url: string,
  name: string,
  from: number,
  count: number,
  words: string,
): Promise<void> {
  const objects = Array.from({ length: count }, (_, at) => ({
    class: name,
    id: idOf(from + at),
    properties: { title: `${words} ${at}` },
    vector: [from + at, 1, at],
  }));
  await call(url, 'POST', '/v1/batch/objects', { objects });
}

export function drawRestore(random: Random): AskedRestore {
  const of = (classes: string[]) => (source: ReadonlyMap<string, string>) =>
    new Map(classes.map((name) => [name, source.get(name) ?? 'none']));
  const replace = { into: 'shelf', onConflict: 'replace', confirm: 'shelf' } as const;
  switch (random.of(['beside', 'one replaced', 'all replaced', 'unsaved'] as const)) {
    case 'beside':
      return {
        name: 'Note beside',
        input: { into: 'shelf', select: { classes: ['Note'] } },
        alone: true,
        brings: of(['Note']),
      };
    case 'one replaced':
      return {
        name: 'Article replaced',
        input: { ...replace, select: { classes: ['Article'] } },
        alone: true,
        drops: ['Article'],
        brings: of(['Article']),
      };
    case 'all replaced':
      return {
        name: 'all, replaced',
        input: replace,
        alone: true,
        drops: ['Article'],
        brings: of(['Article', 'Note']),
      };
    case 'unsaved':
      return {
        name: 'all, replaced without a safety backup',
        input: { ...replace, safetyBackup: false },
        alone: true,
        drops: ['Article'],
        brings: of(['Article', 'Note']),
      };
  }
}
