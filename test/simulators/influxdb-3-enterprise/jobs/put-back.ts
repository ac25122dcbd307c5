import type { Cluster } from '../cluster.ts';
import { CATALOG, DESCRIPTION } from './files.ts';

/** Backups whose objects somebody put back into the storage, or took away again, when the server looks there at all. */
export async function recognise(cluster: Cluster, moment: 'running' | 'start'): Promise<void> {
  const { switches, backups, storage } = cluster;
  if (switches.putBack === 'never') return;
  if (switches.putBack === 'after restart' && moment === 'running') return;
  const folders = await foldersOf(cluster);
  for (const [name, record] of backups) {
    if (record.putBack && !folders.has(name)) backups.delete(name);
  }
  for (const [name, objects] of folders) {
    const has = (path: string) => objects.some(({ key }) => key === cluster.prefix(name) + path);
    if (backups.has(name) || !has(CATALOG) || !has(DESCRIPTION)) continue;
    const description = await storage.get(cluster.prefix(name) + DESCRIPTION);
    if (!description || backups.has(name)) continue;
    const { created_at } = JSON.parse(description.toString()) as { created_at: string };
    const counted = objects.filter(
      ({ key }) => switches.description === 'counted' || !key.endsWith(DESCRIPTION),
    );
    backups.set(name, {
      name,
      type: 'full',
      putBack: true,
      status: 'completed',
      createdAt: new Date(created_at),
      completedAt: new Date(),
      files: counted.length,
      bytes: counted.reduce((sum, { bytes }) => sum + bytes, 0),
    });
  }
}

async function foldersOf(cluster: Cluster) {
  const root = `${cluster.id}/backups/`;
  const folders = new Map<string, { key: string; bytes: number }[]>();
  for (const object of await cluster.storage.list(root)) {
    const name = object.key.slice(root.length).split('/')[0] ?? '';
    folders.set(name, [...(folders.get(name) ?? []), object]);
  }
  return folders;
}
