import { describe, expect, it } from 'vitest';
import { digestOf } from '../../activities/config/config.ts';
import { load } from './load.ts';

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

interface Settings {
  url?: string;
  token?: string;
  bucket?: string;
  name?: string;
  target?: object;
}

function yaml({
  url = 'http://a:8086',
  token = 'T',
  bucket = 'b',
  name = 'metrics',
  target = {},
}: Settings) {
  const of = (address: string) => ({
    product: 'influxdb-v2',
    connection: { url: address, token: { env: token } },
    store: 'main',
  });
  return JSON.stringify({
    stores: { main: { type: 's3', bucket, region: 'eu-central-1' } },
    targets: { [name]: { ...of(url), ...target }, spare: of('http://spare:8086') },
  });
}

const digest = async (settings: Settings) => digestOf(await load(yaml(settings)));

describe('the digest of a configuration', () => {
  it.each<[string, Settings]>([
    ['the address of a database', { url: 'http://staging:8086' }],
    ['the place of a store', { bucket: 'staging' }],
    ['the name of a target', { name: 'other' }],
    ['who can open the backups', { target: { encryption: { recipients: [RECIPIENT] } } }],
    ['what may be restored into', { target: { protected: true } }],
    ['the cluster that targets share', { target: { cluster: 'shared' } }],
  ])('changes with %s', async (_, settings) => {
    expect(await digest(settings)).not.toBe(await digest({}));
  });

  it.each<[string, Settings]>([
    ['where a secret is', { token: 'ELSEWHERE' }],
    ['how much is done at a time', { target: { limits: { concurrency: 9 } } }],
    ['when backups are made', { target: { schedule: { cron: '@daily' } } }],
  ])('does not change with %s', async (_, settings) => {
    expect(await digest(settings)).toBe(await digest({}));
  });

  it('does not change with the order of the targets', async () => {
    const { stores, targets } = JSON.parse(yaml({})) as { stores: object; targets: object };
    const turned = Object.fromEntries(Object.entries(targets).toReversed());
    expect(digestOf(await load(JSON.stringify({ stores, targets: turned })))).toBe(
      await digest({}),
    );
  });
});
