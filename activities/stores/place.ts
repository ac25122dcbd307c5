import { resolve } from 'node:path';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import { awsService, awsServiceIn } from './aws-service.ts';

type S3Settings = Extract<StoreSettings, { type: 's3' }>;

/** For people: `s3://bucket/prefix`, or a path. */
export function placeOf(settings: StoreSettings): string {
  if (settings.type === 'directory') return resolve(settings.path);
  const prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '');
  return `s3://${settings.bucket}${prefix && `/${prefix}`}`;
}

/** The service that a bucket belongs to: its host, or `AWS`, by whichever of its addresses it is reached. */
export function serviceOf({ endpoint, region }: Pick<S3Settings, 'endpoint' | 'region'>): string {
  return endpoint === undefined ? awsServiceIn(region) : serviceAt(new URL(endpoint).host);
}

function serviceAt(host: string): string {
  return awsService(host) ?? host;
}

/** The same, and which service it is of: `s3://bucket/prefix at s3.example.com`. */
export function fullPlaceOf(settings: StoreSettings): string {
  const place = placeOf(settings);
  return settings.type === 'directory' ? place : `${place} at ${serviceOf(settings)}`;
}

/**
 * @param noted as `fullPlaceOf` gave it, or `placeOf`, which says nothing of the service. What is older may name a host of
 * AWS, or `AWS` for any region that it has.
 */
export function isSamePlace(noted: string, settings: StoreSettings): boolean {
  const place = placeOf(settings);
  if (noted === place || settings.type === 'directory') return noted === place;
  const start = `${place} at `;
  if (!noted.startsWith(start)) return false;
  const service = noted.slice(start.length);
  if (service === 'AWS' && settings.endpoint === undefined) return true;
  return serviceAt(service) === serviceOf(settings);
}
