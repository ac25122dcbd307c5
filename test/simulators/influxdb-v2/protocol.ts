import { callInflux, type InfluxAddress } from '../../support/influx.ts';

/** What one request was answered, without what must differ between two servers. */
export interface Exchanged {
  asked: string;
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Asks a fresh server, set up with organisation `acme` and bucket `telemetry`, the same questions in the same order, and
 * writes the answers down with ids and times replaced by their place: real server and simulator answer alike.
 */
export async function interview(server: InfluxAddress, orgToken: string): Promise<Exchanged[]> {
  const answers: Exchanged[] = [];
  const names = new Map<string, string>();
  const ask = async (
    method: string,
    path: string,
    body?: Parameters<typeof callInflux>[3],
    options: { headers?: Record<string, string>; token?: string; as?: string } = {},
  ) => {
    const { token = server.token, headers = {}, as } = options;
    const answer = await callInflux({ url: server.url, token }, method, path, body, headers);
    answers.push({
      asked: anonymous(`${method} ${path}${as ?? ''}`, names),
      status: answer.status,
      headers: kept(answer.headers),
      body: anonymous(answer.text, names),
    });
    return answer;
  };
  const id = async (path: string): Promise<string> =>
    /"id": "([0-9a-f]{16})"/.exec((await callInflux(server, 'GET', path)).text)?.[1] ?? '';

  await ask('GET', '/health');
  await ask('GET', '/api/v2/setup');
  await ask('POST', '/api/v2/setup', {
    username: 'a',
    password: 'password',
    org: 'b',
    bucket: 'c',
  });
  const org = await id('/api/v2/orgs?org=acme');
  names.set(org, '<acme>');
  await ask('GET', '/api/v2/orgs');
  await ask('GET', '/api/v2/orgs?org=acme');
  await ask('GET', '/api/v2/orgs?org=nobody');
  await ask('GET', '/api/v2/orgs/aaaaaaaaaaaaaaaa');
  await ask('POST', '/api/v2/orgs', { name: 'acme' });
  await ask('GET', '/api/v2/nothing');
  await ask('GET', '/api/v2/users?limit=1');
  await ask('GET', '/private/legacy/authorizations');
  await ask('GET', '/api/v2/dashboards?limit=1');
  await ask('GET', '/api/v2/tasks?limit=1');

  for (const token of ['nonsense', '']) {
    await ask('GET', '/api/v2/buckets', undefined, { token, as: ' without a good token' });
    await ask('GET', '/api/v2/backup/metadata', undefined, { token, as: ' without a good token' });
  }
  const lesser = { token: orgToken, as: ' with a token of one organisation' };
  for (const path of ['metadata', 'kv', 'shards/1']) {
    await ask('GET', `/api/v2/backup/${path}`, undefined, lesser);
  }
  for (const path of ['kv', 'sql', 'shards/1']) {
    await ask('POST', `/api/v2/restore/${path}`, 'x', lesser);
  }
  await ask('POST', '/api/v2/restore/bucketMetadata', manifest(org, 'lesser'), lesser);
  await ask('GET', `/api/v2/buckets?name=lesser`);

  await ask('POST', '/api/v2/buckets', {
    orgID: org,
    name: 'hourly',
    description: 'a <b> & c',
    retentionRules: [{ type: 'expire', everySeconds: 0, shardGroupDurationSeconds: 3600 }],
  });
  const hourly = await id('/api/v2/buckets?name=hourly');
  names.set(hourly, '<hourly>');
  await ask('POST', '/api/v2/buckets', { orgID: org, name: 'hourly', retentionRules: [] });
  await ask('POST', '/api/v2/buckets', { orgID: org, name: '_hidden', retentionRules: [] });
  await ask('POST', '/api/v2/buckets', { name: 'homeless', retentionRules: [] });
  await ask('POST', '/api/v2/buckets', { orgID: 'aaaaaaaaaaaaaaaa', name: 'homeless' });
  await ask('POST', '/api/v2/buckets', '{bad');
  await ask('GET', `/api/v2/buckets?orgID=${org}`);
  await ask('GET', `/api/v2/buckets?orgID=${org}&limit=2`);
  await ask('GET', `/api/v2/buckets?orgID=${org}&limit=2&after=${hourly}`);
  await ask('GET', `/api/v2/buckets?orgID=${org}&limit=2&offset=1`);
  await ask('GET', '/api/v2/buckets?name=nothing');
  await ask('GET', '/api/v2/buckets?limit=101');
  await ask('GET', `/api/v2/buckets/${hourly}`);
  await ask('GET', '/api/v2/buckets/aaaaaaaaaaaaaaaa');
  await ask('GET', '/api/v2/buckets/short');
  await ask('PATCH', `/api/v2/buckets/${hourly}`, { name: 'telemetry' });
  await ask('PATCH', `/api/v2/buckets/${hourly}`, {
    retentionRules: [{ type: 'expire', everySeconds: 7200 }],
  });
  await ask('PATCH', `/api/v2/buckets/${hourly}`, {
    description: 'new',
    retentionRules: [{ type: 'expire', everySeconds: 0, shardGroupDurationSeconds: 3600 }],
  });
  await ask('PATCH', '/api/v2/buckets/aaaaaaaaaaaaaaaa', { name: 'x' });
  await ask('DELETE', '/api/v2/buckets/aaaaaaaaaaaaaaaa');

  await ask('GET', '/api/v2/dbrps');
  const mapping = { orgID: org, bucketID: hourly, database: 'db', retention_policy: 'rp' };
  await ask('POST', '/api/v2/dbrps', { ...mapping, default: true });
  await ask('POST', '/api/v2/dbrps', { ...mapping, default: true });
  await ask('POST', '/api/v2/dbrps', { ...mapping, bucketID: 'aaaaaaaaaaaaaaaa' });
  await ask('GET', `/api/v2/dbrps?orgID=${org}`);
  const mapped = await id(`/api/v2/dbrps?orgID=${org}&db=db`);
  await ask('PATCH', `/api/v2/dbrps/${mapped}?orgID=${org}`, { default: true });
  await ask('DELETE', `/api/v2/dbrps/${mapped}?orgID=${org}`);
  await ask('DELETE', `/api/v2/dbrps/${mapped}?orgID=${org}`);

  await ask('GET', '/api/v2/labels');
  await ask('POST', '/api/v2/labels', { orgID: org, name: 'mine' });
  await ask('POST', '/api/v2/labels', { orgID: org, name: 'mine' });
  await ask('GET', '/api/v2/labels');
  const labelled = await id('/api/v2/labels');
  await ask('DELETE', `/api/v2/labels/${labelled}`);
  await ask('DELETE', `/api/v2/labels/${labelled}`);

  const write = '/api/v2/write?org=acme&precision=s&bucket=';
  await ask(
    'POST',
    `${write}hourly`,
    'cpu,host=a load=1,n=2i 1700000000\ncpu,host=b load=2 1700003600',
  );
  await ask('POST', `${write}hourly`, 'bad line');
  await ask('POST', `${write}nothing`, 'cpu load=1');
  await ask('POST', '/api/v2/write?org=nobody&bucket=hourly', 'cpu load=1');
  await ask('POST', '/api/v2/delete?org=acme&bucket=hourly', {});

  await ask('GET', '/api/v2/backup/shards/77');
  await ask('GET', '/api/v2/backup/shards/x');
  await ask('GET', '/api/v2/backup/shards/99999999999999999999');
  await ask('GET', '/api/v2/backup/shards/1?since=yesterday');
  const unknown = { headers: { 'accept-encoding': 'gzip', 'gzip-compression-level': 'most' } };
  await ask('GET', '/api/v2/backup/metadata', undefined, unknown);
  await ask('POST', '/api/v2/backup/metadata');
  await ask('GET', '/api/v2/backup/shards/1?since=2100-01-01T00:00:00Z');

  await ask('POST', '/api/v2/restore/bucketMetadata', manifest(org, 'hourly'));
  await ask('POST', '/api/v2/restore/bucketMetadata', '{bad');
  await ask('POST', '/api/v2/restore/bucketMetadata', {});
  await ask('POST', '/api/v2/restore/bucketMetadata', manifest('aaaaaaaaaaaaaaaa', 'x'));
  const [policy] = manifest(org, '').retentionPolicies;
  const twice = { ...manifest(org, 'twice'), retentionPolicies: [policy, policy] };
  await ask('POST', '/api/v2/restore/bucketMetadata', twice);
  await ask('GET', '/api/v2/buckets?name=twice');
  await ask('POST', '/api/v2/restore/bucketMetadata', manifest(org, 'copy'));
  await ask('POST', '/api/v2/restore/shards/99', 'x');
  await ask('POST', '/api/v2/restore/shards/x', 'x');
  await ask('POST', '/api/v2/restore/kv', 'garbage');
  await ask('POST', '/api/v2/restore/sql', 'garbage');
  const gzip = { headers: { 'content-encoding': 'gzip' }, as: ' that is not gzip' };
  const long = 'this has never been through gzip at all';
  await ask('POST', '/api/v2/restore/kv', long, gzip);
  await ask('POST', '/api/v2/restore/shards/1', long, gzip);
  await ask('DELETE', `/api/v2/buckets/${hourly}`);
  await ask('GET', `/api/v2/backup/shards/1`, undefined, { as: ' after its bucket is gone' });
  return answers;
}

function manifest(organizationID: string, bucketName: string) {
  return {
    organizationID,
    organizationName: 'acme',
    bucketID: '0000000000000abc',
    bucketName,
    defaultRetentionPolicy: 'autogen',
    retentionPolicies: [
      {
        name: 'autogen',
        replicaN: 1,
        duration: 0,
        shardGroupDuration: 3_600_000_000_000,
        shardGroups: [
          {
            id: 1,
            startTime: '2023-11-14T22:00:00Z',
            endTime: '2023-11-14T23:00:00Z',
            shards: [{ id: 1, shardOwners: [] }],
          },
        ],
        subscriptions: [],
      },
    ],
  };
}

const KEPT = [
  'allow',
  'content-encoding',
  'content-length',
  'content-type',
  'transfer-encoding',
  'vary',
  'x-influxdb-build',
  'x-influxdb-version',
  'x-platform-error-code',
];

function kept(headers: Headers): Record<string, string> {
  const found = [...headers].filter(([name]) => KEPT.includes(name));
  // Times have more digits on one side than on the other, so a length is merely there.
  return Object.fromEntries(
    found.map(([name, value]) => [name, name === 'content-length' ? 'counted' : value]),
  );
}

/** Ids by the order of their first appearance, and no times. */
function anonymous(text: string, names: Map<string, string>): string {
  return text
    .replace(/\b(?!a{16})[0-9a-f]{16}\b/g, (id) => {
      if (!names.has(id)) names.set(id, '<id>');
      return names.get(id) ?? '';
    })
    .replace(/\b20[1-3]\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>');
}
