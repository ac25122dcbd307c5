/** Where a Weaviate answers, real or simulated. */
export interface WeaviateAddress {
  url: string;
  apiKey?: string | undefined;
}

export interface WeaviateAnswer {
  status: number;
  text: string;
  /** Throws when it is not JSON. */
  json(): unknown;
}

/** One request as a test makes it: whatever the status, the answer is returned. */
export async function callWeaviate(
  { url, apiKey }: WeaviateAddress,
  method: string,
  path: string,
  body?: object | string,
): Promise<WeaviateAnswer> {
  const response = await fetch(`${url}/v1${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) as unknown };
}

/** As `callWeaviate`, for calls that must succeed. */
export async function askWeaviate(
  server: WeaviateAddress,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await callWeaviate(server, method, path, body);
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  }
  return answer.text === '' ? undefined : answer.json();
}

export interface StoredObject {
  class: string;
  id: string;
  tenant?: string;
  properties: Record<string, unknown>;
  vector?: number[];
  vectors?: Record<string, number[]>;
}

/** Writes objects; the server has answered for every one of them when it returns. */
export async function writeObjects(
  server: WeaviateAddress,
  objects: StoredObject[],
): Promise<void> {
  for (let at = 0; at < objects.length; at += 500) {
    const body = { objects: objects.slice(at, at + 500) };
    const results = (await askWeaviate(server, 'POST', '/batch/objects', body)) as {
      result?: { status?: string; errors?: unknown };
    }[];
    const failed = results.find(({ result }) => result?.status !== 'SUCCESS');
    if (failed) throw new Error(`an object was refused: ${JSON.stringify(failed.result)}`);
  }
}

/** How many objects the server itself counts in a class, or in one tenant of it. */
export async function countObjects(
  server: WeaviateAddress,
  className: string,
  tenant?: string,
): Promise<number> {
  const of = tenant === undefined ? '' : `(tenant: ${JSON.stringify(tenant)})`;
  const query = `{ Aggregate { ${className}${of} { meta { count } } } }`;
  const { data, errors } = (await askWeaviate(server, 'POST', '/graphql', { query })) as {
    data?: { Aggregate?: Record<string, { meta: { count: number } }[] | null> };
    errors?: unknown;
  };
  const found = data?.Aggregate?.[className]?.[0];
  if (!found) throw new Error(`no count of ${className}: ${JSON.stringify(errors)}`);
  return found.meta.count;
}

/** Every object of a class or tenant by the cursor, with vectors, by id. */
export async function readObjects(
  server: WeaviateAddress,
  className: string,
  tenant?: string,
): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for (let after = ''; ; after = found.at(-1)?.id ?? '') {
    const asked = new URLSearchParams({ class: className, limit: '500', include: 'vector' });
    asked.set('after', after);
    if (tenant !== undefined) asked.set('tenant', tenant);
    const page = (await askWeaviate(server, 'GET', `/objects?${asked.toString()}`)) as {
      objects: StoredObject[];
    };
    found.push(...page.objects);
    if (page.objects.length < 500) return found;
  }
}
