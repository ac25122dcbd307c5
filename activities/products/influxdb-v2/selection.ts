import type { Warning } from '../../../workflows/contract/progress.ts';
import { isOrganisation, isSelected, type BucketFilter } from './buckets.ts';
import type { Resources } from './resources.ts';

/**
 * A warning for each name in `connection.select` under which the server has nothing: a bucket that was renamed would
 * drop out of every later backup unnoticed.
 */
export async function missingFromSelection(
  resources: Resources,
  { organisations, buckets = [] }: BucketFilter,
): Promise<Warning[]> {
  const names = new Map((await resources.organisations()).map(({ id, name }) => [id, name]));
  const owners = [...names].map(([organizationID, organizationName]) => ({
    organizationID,
    organizationName,
  }));
  const there = (buckets.length === 0 ? [] : await resources.buckets()).map((bucket) => ({
    organizationID: bucket.orgID,
    organizationName: names.get(bucket.orgID) ?? '',
    bucketID: bucket.id,
    bucketName: bucket.name,
  }));
  const within = organisations ? ' in the organisations that it selects' : '';
  return [
    ...(organisations ?? [])
      .filter((name) => !owners.some((owner) => isOrganisation(owner, name)))
      .map((name) => missing('organisation', name, '')),
    ...buckets
      .filter((name) => !there.some((one) => isSelected(one, { organisations, buckets: [name] })))
      .map((name) => missing('bucket', name, within)),
  ];
}

function missing(what: 'organisation' | 'bucket', name: string, within: string): Warning {
  return {
    code: 'SELECTION_MISSING',
    message: `The server has no ${what} "${name}"${within}, which \`connection.select.${what}s\` names: nothing of it is backed up. If it was renamed or removed, correct the configuration.`,
    subject: name,
  };
}
