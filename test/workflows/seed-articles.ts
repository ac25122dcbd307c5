/** Two classes through the server's own API: one with vectors, one with two tenants. */
export async function seedArticles(url: string, objects = 60): Promise<void> {
  await call(url, 'POST', '/v1/schema', {
    class: 'Article',
    vectorizer: 'none',
    properties: [{ name: 'title', dataType: ['text'] }],
  });
  await call(url, 'POST', '/v1/schema', {
    class: 'Note',
    vectorizer: 'none',
    multiTenancyConfig: { enabled: true },
    properties: [{ name: 'text', dataType: ['text'] }],
  });
  await call(url, 'POST', '/v1/schema/Note/tenants', [{ name: 'north' }, { name: 'south' }]);
  await call(url, 'POST', '/v1/batch/objects', {
    objects: Array.from({ length: objects }, (_, n) => ({
      class: 'Article',
      id: idOf(n),
      properties: { title: `article ${n}` },
      vector: [n, n / 2, 1],
    })),
  });
  await call(url, 'POST', '/v1/batch/objects', {
    objects: ['north', 'south'].flatMap((tenant, t) =>
      Array.from({ length: 10 }, (_, n) => ({
        class: 'Note',
        tenant,
        id: idOf(1_000 * (t + 1) + n),
        properties: { text: `${tenant} ${n}` },
      })),
    ),
  });
}

export function idOf(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/** The names of the classes, in order. */
export async function classesOf(url: string): Promise<string[]> {
  const { classes } = (await call(url, 'GET', '/v1/schema')) as { classes: { class: string }[] };
  return classes.map((one) => one.class).toSorted();
}
