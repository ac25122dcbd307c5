import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goFolder } from '../../infra/tools/go-folder.ts';
import { TOOLS, type Tool } from '../../infra/tools/table.ts';

describe('the table of tools', () => {
  const built = Object.entries<Tool>(TOOLS).flatMap(([name, { go }]) => (go ? [{ name, go }] : []));

  it.each(built)('names a program that Go can check: $name', async ({ go }) => {
    const folder = goFolder(go.folder);
    const [goMod, goSum] = await Promise.all(
      ['go.mod', 'go.sum'].map((file) => readFile(join(folder, file), 'utf8')),
    );
    const module = go.package.replace(/\/cmd\/.*/, '');
    const pinned = new RegExp(`^\\s*(require )?${module} (v\\S+)`, 'm').exec(goMod ?? '')?.[2];
    expect(goMod).toContain(go.package);
    expect(pinned).toBeDefined();
    expect(goSum).toContain(`${module} ${pinned} h1:`);
  });

  it.each(['temporal', 'versitygw', 'influxd', 'weaviate-server'] as const)(
    'gives %s the version that its go.mod pins',
    async (name) => {
      const goMod = await readFile(join(goFolder(TOOLS[name].go.folder), 'go.mod'), 'utf8');
      const module = TOOLS[name].go.package.replace(/\/cmd\/.*/, '');
      expect(goMod).toContain(`${module} v${TOOLS[name].version}`);
    },
  );
});
