import { Refusal } from '../exchange.ts';
import type { Place } from '../storage/storage.ts';

/** The version of the descriptors' format. */
export const FORMAT = '2.1';

/** `<id>/backup_config.json`, written by the coordinator; `<id>/restore_config.json` has the same form. */
export interface GlobalDescriptor {
  startedAt: string;
  completedAt: string;
  id: string;
  nodes: Record<string, NodeSummary>;
  node_mapping: Record<string, string> | null;
  status: string;
  version: string;
  serverVersion: string;
  leader: string;
  error: string;
  preCompressionSizeBytes: number;
  compressionType: string;
  baseBackupId?: string;
  users?: string[];
  roles?: string[];
}

export interface NodeSummary {
  classes: string[];
  status: string;
  error: string;
  preCompressionSizeBytes: number;
}

/** `<id>/<node>/backup.json`, written by each node. */
export interface NodeDescriptor {
  startedAt: string;
  /** Zero: it is written before it is set. */
  completedAt: string;
  id: string;
  classes: ClassDescriptor[];
  /** Base64, as everything below that is bytes. */
  rbacBackups: string | null;
  userBackups: string | null;
  status: string;
  version: string;
  serverVersion: string;
  error: string;
  preCompressionSizeBytes: number;
  compressionType: string;
  baseBackupId?: string;
}

export interface ClassDescriptor {
  name: string;
  backupId: string;
  shards: ShardDescriptor[] | null;
  shardingState: string;
  schema: string;
  aliases: string;
  aliasesIncluded: boolean;
  /** Names of shards by the number of the chunk. */
  chunks: Record<string, string[]>;
  preCompressionSizeBytes: number;
}

export interface ShardDescriptor {
  name: string;
  node: string;
  files: string[];
  incrementalBackupInfo: { filesPerBackup?: Record<string, EarlierFile[]> };
}

/** A file that lies in the chunk of a base. */
export interface EarlierFile {
  file: string;
  /** Below `<base>/<node>/`. */
  chunkKeys: string[];
}

export const BACKUP_CONFIG = 'backup_config.json';
export const RESTORE_CONFIG = 'restore_config.json';

export function nodeDescriptorKey(id: string, node: string): string {
  return `${id}/${node}/backup.json`;
}

export async function readGlobal(
  place: Place,
  id: string,
  file = BACKUP_CONFIG,
): Promise<GlobalDescriptor | undefined> {
  return readDescriptor<GlobalDescriptor>(place, `${id}/${file}`);
}

export async function readNode(
  place: Place,
  id: string,
  node: string,
): Promise<NodeDescriptor | undefined> {
  return readDescriptor<NodeDescriptor>(place, nodeDescriptorKey(id, node));
}

async function readDescriptor<T>(place: Place, key: string): Promise<T | undefined> {
  const bytes = await place.get(key);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString()) as T;
  } catch {
    throw new Refusal(500, `unmarshal ${key}: unexpected end of JSON input`);
  }
}

export async function writeDescriptor(
  place: Place,
  key: string,
  descriptor: GlobalDescriptor | NodeDescriptor,
): Promise<void> {
  await place.put(key, Buffer.from(JSON.stringify(descriptor)));
}

/** Every class that some node lists, in order. */
export function classesOf({ nodes }: GlobalDescriptor): string[] {
  return [...new Set(Object.values(nodes).flatMap(({ classes }) => classes))].sort();
}

export function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

export function fromBase64<T>(text: string): T {
  return JSON.parse(Buffer.from(text, 'base64').toString()) as T;
}
