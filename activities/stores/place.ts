import { resolve } from 'node:path';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';

type S3Settings = Extract<StoreSettings, { type: 's3' }>;

/** For people: `s3://bucket/prefix`, or a path. */
export function placeOf(settings: StoreSettings): string {
  if (settings.type === 'directory') return resolve(settings.path);
  const prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '');
  return `s3://${settings.bucket}${prefix && `/${prefix}`}`;
}

/** The host of the service that a bucket belongs to; `undefined` for AWS. */
export function hostOf({ endpoint }: S3Settings): string | undefined {
  return endpoint === undefined ? undefined : new URL(endpoint).host;
}

/** The same, and which service it is of: `s3://bucket/prefix at s3.example.com`. */
export function fullPlaceOf(settings: StoreSettings): string {
  const place = placeOf(settings);
  return settings.type === 'directory' ? place : `${place} at ${hostOf(settings) ?? 'AWS'}`;
}

/** @param noted as `fullPlaceOf` gave it, or `placeOf`, which says nothing of the service */
export function isSamePlace(noted: string, settings: StoreSettings): boolean {
  return noted === fullPlaceOf(settings) || noted === placeOf(settings);
}
