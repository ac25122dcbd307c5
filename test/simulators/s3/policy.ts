import { S3Error, type Bucket } from './bucket.ts';
import type { Operation } from './faults.ts';
import type { S3Request } from './request.ts';
import { textsOf } from './xml.ts';

/** A policy of AWS, as far as the documents of Holdfast use its language. */
export interface Policy {
  Statement: {
    Effect: string;
    Action: string | string[];
    Resource: string | string[];
    Condition?: { StringLike: { 's3:prefix': string | string[] } };
  }[];
}

/** What a policy calls the operations that it does not call by their own name. */
const ACTIONS: Partial<Record<Operation, string>> = {
  HeadBucket: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration',
  HeadObject: 's3:GetObject',
  DeleteObjects: 's3:DeleteObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListParts: 's3:ListMultipartUploadParts',
};

/** Refuses what the policy does not allow, with the answers of AWS. */
export function enforce(policy: Policy, request: S3Request, body: Buffer, bucket: Bucket): void {
  const { operation, key, query, source } = request;
  const action = ACTIONS[operation] ?? `s3:${operation}`;
  const inBucket = (name: string) => `arn:aws:s3:::${request.bucket}/${name}`;
  const mayList = (prefix?: string) =>
    allows(policy, 's3:ListBucket', `arn:aws:s3:::${request.bucket}`, prefix);
  const may = () => {
    if (action === 's3:ListBucket') return mayList(query.get('prefix') ?? undefined);
    if (operation === 'DeleteObjects') {
      return textsOf(body.toString(), 'Key').every((one) => allows(policy, action, inBucket(one)));
    }
    if (key === '') return allows(policy, action, `arn:aws:s3:::${request.bucket}`);
    if (source && !allows(policy, 's3:GetObject', inBucket(source.key))) return false;
    if (!allows(policy, action, inBucket(key))) return false;
    // That an object is not there is told only to those who may list it.
    return action !== 's3:GetObject' || bucket.objects.has(key) || mayList(key);
  };
  if (!may()) throw new S3Error(403, 'AccessDenied');
}

function allows(policy: Policy, action: string, resource: string, prefix?: string): boolean {
  return policy.Statement.some(
    ({ Effect, Action, Resource, Condition }) =>
      Effect === 'Allow' &&
      [Action].flat().some((one) => isLike(action, one)) &&
      [Resource].flat().some((one) => isLike(resource, one)) &&
      (!Condition ||
        (prefix !== undefined &&
          [Condition.StringLike['s3:prefix']].flat().some((one) => isLike(prefix, one)))),
  );
}

function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.?+^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}
