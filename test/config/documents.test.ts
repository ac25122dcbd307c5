import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { load } from './load.ts';

const root = new URL('../../', import.meta.url);
const PRODUCTS = readdirSync(new URL('activities/products/', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The blocks of YAML of a page, in order. */
function blocksOf(page: string): string[] {
  const text = readFileSync(new URL(page, root), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block]) => block!);
}

const indented = (text: string, by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by));

test.each(PRODUCTS)(
  'every connection that the page of %s shows is a valid one',
  async (product) => {
    const blocks = blocksOf(`activities/products/${product}/README.md`);
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      expect(block).toMatch(/^connection:/);
      const lines = ['stores:', '  main: { type: directory, path: ./backups }', 'targets:'];
      const target = [
        '  metrics:',
        `    product: ${product}`,
        '    store: main',
        indented(block, 4),
      ];
      const { targets } = await load([...lines, ...target].join('\n'));
      expect(targets.get('metrics')?.connection).toBeDefined();
    }
  },
);

test('the configurations that the README shows are valid ones', async () => {
  const [first, ...rest] = blocksOf('README.md');
  expect((await load(first!)).targets.size).toBe(1);
  // The one with a store in S3, and the one with a target that writes there.
  expect((await load(rest.join('\n'))).targets.size).toBe(1);
});
