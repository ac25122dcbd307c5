import { describe, expect, it } from 'vitest';
import { FIRST, load, problemsOf, withTarget } from './load.ts';

const SECRET = 'hunter2-hunter2';

describe('a wrong configuration', () => {
  it('is told with all of its problems at once, in the order of the file', async () => {
    const problems = await problemsOf(
      [
        'stores:',
        '  main:',
        '    type: s3',
        '    bukcet: backups',
        '  odd: { type: directry, path: ./a }',
        'targets:',
        '  metrics:',
        '    product: influxdb-v3',
        '    connection: { url: http://a:8086, token: { env: T } }',
        '    store: mian',
        '    shedule: { cron: "0 2 * * *" }',
        '    limits: { concurrency: 400, bytesPerSecond: fast }',
      ].join('\n'),
    );
    expect(problems.map((line) => line.split(':').slice(0, 3).join(':'))).toEqual([
      'holdfast.yaml:4: stores.main.bukcet',
      'holdfast.yaml:5: stores.odd.type',
      'holdfast.yaml:8: targets.metrics.product',
      'holdfast.yaml:10: targets.metrics.store',
      'holdfast.yaml:11: targets.metrics.shedule',
      'holdfast.yaml:12: targets.metrics.limits.concurrency',
      'holdfast.yaml:12: targets.metrics.limits.bytesPerSecond',
    ]);
  });

  it.each([
    ['bukcet: b', /stores\.main\.bukcet: unknown key; expected .* Did you mean "bucket"\?$/],
    ['', /stores\.main\.bucket: expected text, found nothing\.$/],
    ['bucket: 5', /stores\.main\.bucket: expected text, found 5\.$/],
    ['bucket: a/b', /expected the name of a bucket, without slashes, found "a\/b"\.$/],
    ['bucket: b, prefix: a//b', /stores\.main\.prefix: expected a prefix .* found "a\/\/b"\.$/],
    ['bucket: b, prefix: ../b', /stores\.main\.prefix: expected a prefix/],
    ['bucket: b, endpoint: s3.example.com', /endpoint: expected an http or https URL, found/],
    ['bucket: b, partSize: 5', /partSize: expected a size such as 200MiB or 1\.5GB, found 5\.$/],
    ['bucket: b, partSize: 5 mb', /partSize: expected a size/],
    [
      'bucket: b, partSize: 4MiB',
      /partSize: expected at least 5MiB, the least that S3 takes, found/,
    ],
    ['bucket: b, maxParts: 0', /maxParts: expected at least 1, found 0\.$/],
    ['bucket: b, forcePathStyle: yes', /expected true or false, found "yes"\.$/],
  ])('tells what is wrong with a store: %s', async (settings, expected) => {
    const rest = settings && `, ${settings}`;
    const problems = await problemsOf(`stores: { main: { type: s3${rest} } }\ntargets: {}`);
    expect(problems).toEqual([expect.stringMatching(expected)]);
  });

  it.each([
    ['store: main', 'limits: { concurency: 3 }', 'concurrency'],
    ['', 'encryption: { recipients: [age1x], identty: { env: A } }', 'identity'],
    ['', 'schedule: { cron: "0 2 * * *", timezone: UTC }', 'timeZone'],
  ])('suggests the nearest key, also deep inside (%s %s)', async (_, line, nearest) => {
    const problems = await problemsOf(withTarget(`    ${line}`));
    expect(problems).toContainEqual(
      expect.stringMatching(
        new RegExp(`^holdfast.yaml:${FIRST}: .*unknown key.*Did you mean "${nearest}"\\?$`),
      ),
    );
  });

  it.each([
    ['cron: "0 25 * * *"', /cron: expected 0 to 23 as the hour \(field 2\) .* found "0 25/],
    ['cron: "0 2 30 2 *"', /expected a day .* that one of its months .* has: this one never comes/],
    ['cron: "0 2 31 4,6,9 *"', /never comes, found "0 2 31/],
    ['cron: "0 2 * *"', /expected five cron fields/],
    ['cron: "@nightly"', /expected five cron fields .* or a word such as @daily/],
    ['cron: "0 5-2 * * *"', /as the hour/],
    ['cron: "0 2 * * *", timeZone: Europe/Berln', /Did you mean "Europe\/Berlin"\?$/],
    ['cron: "0 2 * * *", timeZone: utc', /expected UTC, in just these capitals, found "utc"\.$/],
    ['cron: "0 2 * * *", timeZone: europe/BERLIN', /: expected Europe\/Berlin, in just these/],
    ['cron: "0 2 * * *", timeZone: us/pacific', /expected an IANA time zone in its own capitals/],
    ['cron: "0 2 * * *", overlap: skipp', /found "skipp"\. Did you mean "skip"\?$/],
    ['cron: "0 2 * * *", jitter: 10', /jitter: expected a duration such as 90s.*, found 10\.$/],
    ['cron: "0 2 * * *", catchUp: 2s', /catchUp: expected at least 10s, found "2s"\.$/],
    ['cron: "0 2 * * *", pauseOnFailure: no', /expected true or false, found "no"\.$/],
  ])('tells what is wrong with a schedule: %s', async (settings, expected) => {
    const problems = await problemsOf(withTarget(`    schedule: { ${settings} }`));
    expect(problems).toEqual([expect.stringMatching(expected)]);
  });

  it.each(['UTC', 'EST', 'Etc/UTC', 'Asia/Kolkata', 'Asia/Calcutta', 'US/Pacific'])(
    'takes a time zone under any of its names, and leaves it as it is: %s',
    async (timeZone) => {
      const config = await load(
        withTarget(`    schedule: { cron: "@daily", timeZone: ${timeZone} }`),
      );
      expect(config.targets.get('metrics')?.schedule?.timeZone).toBe(timeZone);
    },
  );

  it('refuses a schedule for what is only restored into', async () => {
    const connection = '{ url: "http://a:8086", username: u, password: { env: P } }';
    const text = (lines: string) =>
      withTarget(lines, connection).replace('product: influxdb-v2', 'product: influxdb-v1');
    await load(text(''));
    expect(await problemsOf(text('    schedule: { cron: "@daily" }'))).toEqual([
      'holdfast.yaml:8: targets.metrics.schedule: expected no schedule, since influxdb-v1 is restored into and not backed up.',
    ]);
  });

  it('refuses names that cannot be part of keys and ids', async () => {
    const stores = ['Main', '-a', 'a_b', 'a'.repeat(64)].map((name) => `  ${name}: {}`);
    const problems = await problemsOf(`stores:\n${stores.join('\n')}\ntargets: {}`);
    const named = problems.filter((line) => line.includes('expected a name of lower-case'));
    expect(named).toHaveLength(4);
    expect(named[0]).toMatch(/^holdfast\.yaml:2: stores\.Main: .* found "Main"\.$/);
  });

  it.each([
    ['one directory inside another', './b', './b/inner'],
    ['the same directory, written differently', './b', './x/../b/'],
  ])('refuses stores that overlap: %s', async (_, one, other) => {
    const problems = await problemsOf(
      `stores:\n  a: { type: directory, path: ${one} }\n  b: { type: directory, path: ${other} }\ntargets: {}`,
    );
    expect(problems).toEqual([
      expect.stringMatching(/:3: stores\.b: expected a place of its own, .* the store "a"\.$/),
    ]);
  });

  it('refuses a database that writes its backups into a store', async () => {
    const config = (prefix: string) =>
      `stores:\n  a: { type: s3, bucket: x, prefix: kept }\ntargets:\n  articles:\n    product: weaviate\n    store: a\n    connection:\n      url: http://127.0.0.1:1\n      storage: { type: s3, bucket: x${prefix} }`;
    for (const prefix of ['', ', prefix: kept', ', prefix: kept/articles']) {
      expect(await problemsOf(config(prefix))).toEqual([
        expect.stringMatching(
          /:9: targets\.articles\.connection\.storage: .* overlaps with the store "a"\.$/,
        ),
      ]);
    }
    const global = ', prefix: kept, endpoint: "https://s3.amazonaws.com"';
    expect(await problemsOf(config(global))).toHaveLength(1);
    await expect(problemsOf(config(', prefix: weaviate'))).rejects.toThrow('taken for valid');
  });

  it('refuses overlapping prefixes of one bucket, and takes neighbours', async () => {
    const stores = (one: string, other: string) =>
      `stores:\n  a: { type: s3, bucket: x, ${one} }\n  b: { type: s3, bucket: x, ${other} }\ntargets: {}`;
    expect(await problemsOf(stores('prefix: p', 'prefix: p/q'))).toHaveLength(1);
    expect(await problemsOf(stores('prefix: p', 'region: eu-west-1'))).toHaveLength(1);
    await expect(problemsOf(stores('prefix: p', 'prefix: pq'))).rejects.toThrow('taken for valid');
    await expect(
      problemsOf(stores('endpoint: "http://one"', 'endpoint: "http://other"')),
    ).rejects.toThrow('taken for valid');
    const regional = 'endpoint: "https://s3.eu-central-1.amazonaws.com"';
    expect(await problemsOf(stores('region: eu-central-1', regional))).toHaveLength(1);
  });

  it('is told when the file is not YAML, or says a thing twice', async () => {
    expect(await problemsOf('stores: { a: \ntargets: ]')).toContainEqual(
      expect.stringMatching(/^holdfast\.yaml:\d+: not YAML: /),
    );
    expect(await problemsOf('stores: {}\ntargets: 5\nstores: {}')).toEqual([
      expect.stringMatching(/^holdfast\.yaml:2: targets: expected a mapping/),
      expect.stringMatching(/^holdfast\.yaml:3: the key "stores" stands here a second time/),
    ]);
    expect(await problemsOf('')).toEqual([
      expect.stringMatching(/stores: expected a mapping/),
      expect.stringMatching(/targets: expected a mapping/),
    ]);
    expect(await problemsOf('just text')).toEqual([
      expect.stringMatching(/^holdfast\.yaml:1: expected a mapping/),
    ]);
  });

  it("checks a target's connection by its product, with the same care", async () => {
    const problems = await problemsOf(
      withTarget('', '{ ulr: http://a, token: { env: T }, compression: speedyy }'),
    );
    expect(problems).toEqual([
      expect.stringMatching(/:6: targets\.metrics\.connection\.ulr: unknown key.*"url"\?$/),
      expect.stringMatching(/connection\.compression: expected none, .*Did you mean "speedy"\?$/),
    ]);
  });
});

describe('a secret in the wrong place', () => {
  it.each([
    ['token of a product', withTarget('', `{ url: http://a, token: ${SECRET} }`)],
    ['token in a list', withTarget('', `{ url: http://a, token: [${SECRET}] }`)],
    ['token as a key', withTarget('', `{ url: http://a, token: { env: T, ${SECRET}: x } }`)],
    ['variable that is the token', withTarget('', `{ url: http://a, token: { env: ${SECRET} } }`)],
    ['identity', withTarget(`    encryption: { recipients: [], identity: ${SECRET} }`)],
    [
      'identity among recipients',
      withTarget('    encryption: { recipients: [AGE-SECRET-KEY-1HUNTER2] }'),
    ],
    ['URL with a password', withTarget('', `{ url: http://me:${SECRET}@a, token: { env: T } }`)],
    [
      'key of a store',
      `stores: { a: { type: s3, bucket: b, credentials: { accessKeyId: ${SECRET}, secretAccessKey: { env: A } } } }\ntargets: {}`,
    ],
    [
      'endpoint with a password',
      `stores: { a: { type: s3, bucket: b, endpoint: "https://u:${SECRET}@s3" } }\ntargets: {}`,
    ],
    ['API key of Temporal', `temporal: { apiKey: ${SECRET} }\nstores: {}\ntargets: {}`],
  ])('is refused and not printed: %s', async (_, text) => {
    const problems = await problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toMatch(/hunter2/i);
  });

  it('is answered with how to write it', async () => {
    const problems = await problemsOf(withTarget('', `{ url: http://a, token: ${SECRET} }`));
    expect(problems).toEqual([
      'holdfast.yaml:6: targets.metrics.connection.token: expected { env: NAME } or { file: path } ' +
        'that says where the secret is, found a text that is not shown here.',
    ]);
  });
});
