import { randomUUID } from 'node:crypto';
import { influxdbV2 } from '../../activities/products/influxdb-v2/index.ts';
import {
  callInflux,
  contentsOf,
  createBucket,
  createOrganisation,
  type InfluxAddress,
  organisationId,
  type SeenBucket,
  writeLines,
} from '../support/influx.ts';
import type { ProductServer, ProductUnderTest, Unit } from './product-under-test.ts';

type Started = InfluxAddress & { readonly bucket: string } & AsyncDisposable;

/** InfluxDB v2 for the shared suite, whatever it is that `start` starts. */
export function influxdbV2UnderTest(
  start: (options: { token: string }) => Promise<Started>,
): ProductUnderTest {
  const label = ({ group, name }: Unit) => `${group}/${name}`;
  const selected = (unit: Unit) => ({ select: { buckets: [label(unit)] } });
  return {
    product: influxdbV2,
    start: async () => productServer(await start({ token: secretValue() })),
    ask: {
      unit: selected,
      group: (group) => ({ select: { organisations: [group] } }),
      renamed: (unit, name) => ({ ...selected(unit), rename: { [unit.name]: name } }),
      whole: {},
      beside: true,
    },
    label,
  };
}

function secretValue(): string {
  return `secret-${randomUUID()}`;
}

/** Puts a secret where a configuration may refer to it. */
function inEnvironment(value: string): { env: string } {
  const env = `HOLDFAST_TEST_${randomUUID().replaceAll('-', '')}`;
  process.env[env] = value;
  return { env };
}

function productServer(server: Started): ProductServer {
  const { url, token, org } = server;
  const reference = inEnvironment(token);
  const secrets = [token];
  // A full restore brings the tokens of the backup along: whoever asks later may need one of those.
  const at = async (group: string): Promise<InfluxAddress> => ({
    url,
    org: group,
    token: await workingToken(url, token),
  });
  const bucketNamed = async ({ group, name }: Unit): Promise<SeenBucket | undefined> => {
    const address = await at(group);
    const found = await organisationId(address, group).catch(() => undefined);
    if (found === undefined) return undefined;
    const query = new URLSearchParams({ orgID: found, name }).toString();
    const answer = await callInflux(address, 'GET', `/api/v2/buckets?${query}`);
    return (answer.json() as { buckets?: SeenBucket[] }).buckets?.[0];
  };
  known.add(token);
  return {
    url,
    group: org,
    secrets,
    connection: (other = url) => ({ url: other, token: reference }),
    strangeConnection: () => ({ url, token: inEnvironment(remember(secrets, secretValue())) }),
    weakConnection: async () => ({
      url,
      token: inEnvironment(remember(secrets, await organisationToken(await at(org)))),
    }),
    async write(unit, seed) {
      const address = await at(unit.group);
      const there = await organisationId(address, unit.group).catch(() => undefined);
      if (there === undefined) await createOrganisation(address, unit.group);
      if (!(await bucketNamed(unit))) {
        await createBucket(address, unit.name, { description: `the bucket ${unit.name}` });
      }
      await writeLines(address, unit.name, linesOf(seed));
    },
    contents: async (unit) =>
      (await bucketNamed(unit)) ? contentsOf(await at(unit.group), unit.name) : undefined,
    async units() {
      const address = await at(org);
      const orgs = (await callInflux(address, 'GET', '/api/v2/orgs?limit=100')).json();
      const names = new Map(
        (orgs as { orgs: { id: string; name: string }[] }).orgs.map(({ id, name }) => [id, name]),
      );
      const answer = await callInflux(address, 'GET', '/api/v2/buckets?limit=100');
      return (answer.json() as { buckets: SeenBucket[] }).buckets
        .filter(({ name }) => !name.startsWith('_'))
        .map(({ orgID, name }) => ({ group: names.get(orgID) ?? orgID, name }))
        .toSorted((a, b) => (`${a.group}/${a.name}` < `${b.group}/${b.name}` ? -1 : 1));
    },
    async remove(unit) {
      const bucket = await bucketNamed(unit);
      await callInflux(await at(unit.group), 'DELETE', `/api/v2/buckets/${bucket?.id}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function remember(secrets: string[], secret: string): string {
  secrets.push(secret);
  return secret;
}

/** The operators' tokens of every server of this run. */
const known = new Set<string>();

async function workingToken(url: string, likeliest: string): Promise<string> {
  for (const token of [likeliest, ...known]) {
    const { status } = await callInflux({ url, token }, 'GET', '/api/v2/orgs?limit=1');
    if (status === 200) return token;
  }
  throw new Error(`No token works at ${url}.`);
}

async function organisationToken(address: InfluxAddress): Promise<string> {
  const orgID = await organisationId(address, address.org);
  const permissions = ['buckets', 'authorizations', 'orgs', 'dbrp', 'users'].flatMap((type) =>
    ['read', 'write'].map((action) => ({ action, resource: { type, orgID } })),
  );
  const body = { orgID, description: 'all of one organisation', permissions };
  const answer = await callInflux(address, 'POST', '/api/v2/authorizations', body);
  return (answer.json() as { token: string }).token;
}

/** Four hourly shards with every type of value; each seed makes other series. */
function linesOf(seed: string): string[] {
  return Array.from({ length: 400 }, (_, i) => {
    const fields = `f=${Math.sin(i)},i=${i * 7}i,b=${i % 3 === 0},s="${seed} \\"${i}\\"",u=${i}u`;
    return `cpu,host=${seed}-${i % 5} ${fields} ${1_600_000_000 + i * 36}`;
  });
}
