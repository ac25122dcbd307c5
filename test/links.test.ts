import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => name !== 'node_modules' && !name.startsWith('.'))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' }).map((name) =>
          join(entry.name, name),
        )
      : [entry.name],
  )
  .filter((name) => name.endsWith('.md'));

test('every link between the documents leads somewhere', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'bench/README.md']));
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter(({ path, anchor }) => !leadsSomewhere(path, anchor))
      .map(({ link }) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

function linksOf(page: string) {
  const links = textOf(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g);
  return [...links].map(([link, to = '', anchor]) => ({
    link,
    path: to === '' ? page : join(page, '..', to),
    anchor,
  }));
}

function leadsSomewhere(path: string, anchor?: string): boolean {
  if (!existsSync(join(root, path))) return false;
  if (anchor === undefined) return true;
  return statSync(join(root, path)).isFile() && anchorsOf(path).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

/** Without its blocks of code, in which neither links nor headings are. */
function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8').replaceAll(/^ *```.*?^ *```/gms, '');
}
