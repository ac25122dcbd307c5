import type { Exchange } from '../exchange.ts';
import type { Profile } from '../profiles.ts';
import {
  createAuthorisation,
  deleteAuthorisation,
  listAuthorisations,
  listLegacyAuthorisations,
} from './authorisations.ts';
import { backupKv, backupMetadata, backupShard } from './backup.ts';
import { listReplications, listScrapers, updateScraper } from './bound.ts';
import { createBucket, deleteBucket, getBucket, listBuckets, updateBucket } from './buckets.ts';
import {
  createMapping,
  deleteMapping,
  getMapping,
  listMappings,
  updateMapping,
} from './mappings.ts';
import {
  createOrganisation,
  deleteOrganisation,
  getOrganisation,
  listOrganisations,
} from './organisations.ts';
import { deletePoints, write } from './points.ts';
import { query } from './query.ts';
import { restoreBucketMetadata, restoreKv, restoreShard, restoreSql } from './restore.ts';
import { health, mayBeSetUp, ready, setUp } from './server.ts';
import { listUsers, me } from './users.ts';
import { createLabel, deleteLabel, listLabels } from './labels.ts';
import { listTasks } from './tasks.ts';
import { listDashboards } from './unused.ts';

export interface Route {
  method: string;
  path: RegExp;
  handle(exchange: Exchange): void | Promise<void>;
  /** No token needed. */
  open?: boolean;
  /** Errors and answers without indentation. */
  compact?: boolean;
  exists?(profile: Profile): boolean;
}

const since21 = (profile: Profile) => profile.metadata;

/** `*` stands for one segment of the path. */
function route(
  method: string,
  path: string,
  handle: Route['handle'],
  options: Pick<Route, 'open' | 'compact' | 'exists'> = {},
): Route {
  const pattern = path.replaceAll('*', '([^/]+)');
  return { method, path: new RegExp(`^${pattern}/?$`), handle, ...options };
}

const open = { open: true };
const compact = { compact: true };

export const ROUTES: Route[] = [
  route('GET', '/health', health, open),
  route('GET', '/ready', ready, open),
  route('GET', '/api/v2/setup', mayBeSetUp, open),
  route('POST', '/api/v2/setup', setUp, open),
  route('GET', '/api/v2/me', me),
  route('GET', '/api/v2/users', listUsers),
  route('GET', '/api/v2/dashboards', listDashboards),
  route('GET', '/api/v2/tasks', listTasks),
  route('GET', '/api/v2/scrapers', listScrapers),
  route('PATCH', '/api/v2/scrapers/*', updateScraper),
  route('GET', '/api/v2/replications', listReplications),
  route('GET', '/api/v2/labels', listLabels),
  route('POST', '/api/v2/labels', createLabel),
  route('DELETE', '/api/v2/labels/*', deleteLabel),
  route('GET', '/private/legacy/authorizations', listLegacyAuthorisations),
  route('GET', '/api/v2/orgs', listOrganisations),
  route('POST', '/api/v2/orgs', createOrganisation),
  route('GET', '/api/v2/orgs/*', getOrganisation),
  route('DELETE', '/api/v2/orgs/*', deleteOrganisation),
  route('GET', '/api/v2/buckets', listBuckets),
  route('POST', '/api/v2/buckets', createBucket),
  route('GET', '/api/v2/buckets/*', getBucket),
  route('PATCH', '/api/v2/buckets/*', updateBucket),
  route('DELETE', '/api/v2/buckets/*', deleteBucket),
  route('GET', '/api/v2/authorizations', listAuthorisations),
  route('POST', '/api/v2/authorizations', createAuthorisation),
  route('DELETE', '/api/v2/authorizations/*', deleteAuthorisation),
  route('GET', '/api/v2/dbrps', listMappings),
  route('POST', '/api/v2/dbrps', createMapping),
  route('GET', '/api/v2/dbrps/*', getMapping),
  route('PATCH', '/api/v2/dbrps/*', updateMapping),
  route('DELETE', '/api/v2/dbrps/*', deleteMapping),
  route('POST', '/api/v2/write', write, compact),
  route('POST', '/api/v2/delete', deletePoints, compact),
  route('POST', '/api/v2/query', query, compact),
  route('GET', '/api/v2/backup/kv', backupKv, compact),
  route('GET', '/api/v2/backup/metadata', backupMetadata, { compact: true, exists: since21 }),
  route('GET', '/api/v2/backup/shards/*', backupShard, compact),
  route('POST', '/api/v2/restore/kv', restoreKv, compact),
  route('POST', '/api/v2/restore/sql', restoreSql, { compact: true, exists: since21 }),
  route('POST', '/api/v2/restore/bucketMetadata', restoreBucketMetadata, { exists: since21 }),
  route('POST', '/api/v2/restore/bucket-metadata', restoreBucketMetadata, { exists: since21 }),
  route('POST', '/api/v2/restore/shards/*', restoreShard, compact),
];
