import { describe, expect, it } from 'vitest';
import { isOneFailureDomain } from '../../activities/stores/failure-domain.ts';
import { fullPlaceOf, isSamePlace, serviceOf } from '../../activities/stores/place.ts';
import { sharesAccess } from '../../activities/stores/s3/shares-access.ts';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';

type S3Settings = Extract<StoreSettings, { type: 's3' }>;

const at = (endpoint?: string, region?: string): S3Settings => ({
  name: 'main',
  type: 's3',
  bucket: 'b',
  prefix: 'p/',
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(region === undefined ? {} : { region }),
});

describe('the service of a bucket', () => {
  it.each([
    'https://s3.amazonaws.com',
    'https://S3.eu-central-1.amazonaws.com/',
    'https://s3-eu-west-1.amazonaws.com',
    'https://s3.dualstack.eu-central-1.amazonaws.com',
    'https://s3-fips.us-east-2.amazonaws.com',
    'https://s3-fips.dualstack.us-east-2.amazonaws.com',
    'https://s3-accelerate.dualstack.amazonaws.com',
    'https://s3-external-1.amazonaws.com',
    'https://bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com',
  ])('is AWS at %s, as without an endpoint', async (endpoint) => {
    expect(serviceOf(at(endpoint))).toBe('AWS');
    expect(await isOneFailureDomain(at(endpoint), at(undefined, 'eu-central-1'))).toBe(true);
    expect(await sharesAccess(at(endpoint), at())).toBe(true);
    expect(fullPlaceOf(at(endpoint))).toBe('s3://b/p at AWS');
  });

  it.each([
    ['https://s3.cn-north-1.amazonaws.com.cn', 'cn-northwest-1', 'AWS China'],
    ['https://s3-fips.us-gov-west-1.amazonaws.com', 'us-gov-east-1', 'AWS GovCloud'],
    ['https://s3.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1', 'AWS European Sovereign Cloud'],
  ])('is another partition at %s, in which a bucket is another', async (endpoint, region, name) => {
    expect(serviceOf(at(endpoint))).toBe(name);
    expect(serviceOf(at(undefined, region))).toBe(name);
    expect(await isOneFailureDomain(at(endpoint), at(undefined, region))).toBe(true);
    expect(await isOneFailureDomain(at(endpoint), at())).toBe(false);
  });

  it.each([
    'https://s3.example.com',
    'https://s3-like.eu-west-1.elb.amazonaws.com',
    'https://ec2-1-2-3-4.compute-1.amazonaws.com',
    'https://other.s3.eu-central-1.amazonaws.com',
    'https://s3.eu-central-1.amazonaws.com.example.com',
    'https://s3.eu-central-1.amazonaws.com:8443',
  ])('is its host at %s', async (endpoint) => {
    expect(serviceOf(at(endpoint))).toBe(new URL(endpoint).host);
    expect(await isOneFailureDomain(at(endpoint), at())).toBe(false);
    expect(await sharesAccess(at(endpoint), at())).toBe(false);
    expect(await sharesAccess(at(endpoint), at(endpoint))).toBe(true);
  });
});

describe('a place that was noted', () => {
  const REGIONAL = 'https://s3.eu-central-1.amazonaws.com';

  it.each([
    ['by what knew no service', 's3://b/p', at(REGIONAL)],
    ['with its host', 's3://b/p at s3.example.com', at('https://s3.example.com')],
    ['with a host of AWS', 's3://b/p at s3.eu-central-1.amazonaws.com', at(REGIONAL)],
    ['with a host of AWS', 's3://b/p at s3.eu-central-1.amazonaws.com', at()],
    ['as of AWS', 's3://b/p at AWS', at(REGIONAL)],
    ['as of AWS, whatever the region', 's3://b/p at AWS', at(undefined, 'cn-north-1')],
  ])('%s is found again: %s', (_, noted, settings) => {
    expect(isSamePlace(noted, settings)).toBe(true);
  });

  it.each([
    ['s3://b/p at s3.example.com', at()],
    ['s3://b/p at AWS', at('https://s3.example.com')],
    ['s3://b/p at AWS', at('https://s3.cn-north-1.amazonaws.com.cn')],
    ['s3://b/p/q at AWS', at()],
    ['s3://other at AWS', at()],
    ['/backups', at()],
  ])('%s is not taken for another', (noted, settings) => {
    expect(isSamePlace(noted, settings)).toBe(false);
  });
});
