import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../infra', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test('the secrets of the compose file are those of its configuration, and for the user of the image alone', () => {
  const compose = parse(read('compose/compose.yaml')) as {
    services: { worker: { secrets: { source: string }[] } };
    secrets: Record<string, unknown>;
  };
  const named = [...read('compose/holdfast.yaml').matchAll(/\/run\/secrets\/([\w-]+)/g)];
  const names = new Set(named.map(([, name]) => name));
  const given = compose.services.worker.secrets;
  expect(new Set(given.map(({ source }) => source))).toEqual(names);
  expect(new Set(Object.keys(compose.secrets))).toEqual(names);
  for (const secret of given) {
    expect(secret).toMatchObject({ uid: '1000', gid: '1000', mode: 0o400 });
  }
});

test('the compose file shows the worker the folder of its configuration, which an editor may replace in it', () => {
  const compose = parse(read('compose/compose.yaml')) as {
    services: { worker: { volumes: string[]; configs?: unknown } };
  };
  expect(compose.services.worker.volumes).toContain('.:/etc/holdfast:ro');
  expect(compose.services.worker.configs).toBeUndefined();
});
