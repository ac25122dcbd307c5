import type { Client } from '@temporalio/client';
import type { Config } from './config/config.ts';
import type { StoreResources } from './stores/resources.ts';

/** What the activities need of their worker. The worker builds it once; tests build their own. */
export interface Dependencies {
  /** Read anew for every run, so that a change of the file counts from the next run on. */
  loadConfig(): Promise<Config>;
  client: Client;
  /** Temporal's cluster id: it tells our own leftovers from those of others. */
  cluster: string;
  stores: StoreResources;
  /** Where attempts keep files that cannot be streamed, each in a folder of its own. */
  spoolRoot: string;
  /** The version of Holdfast. */
  version: string;
  /** Whether the search attributes are registered. Looked up once. */
  searchable(): Promise<boolean>;
}
