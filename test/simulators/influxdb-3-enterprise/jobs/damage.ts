import type { Cluster } from '../cluster.ts';
import { strikes } from '../switches.ts';

/** What may befall the objects of a backup that calls itself complete. */
export async function damage(cluster: Cluster, name: string): Promise<void> {
  const { switches, storage } = cluster;
  const objects = await storage.list(cluster.prefix(name));
  const largest = objects.sort((a, b) => b.bytes - a.bytes)[0];
  if (!largest) return;
  if (strikes(switches, 'objectMissing', name)) await storage.remove([largest.key]);
  if (strikes(switches, 'objectEmpty', name)) await storage.put(largest.key, new Uint8Array());
  if (strikes(switches, 'objectCut', name)) {
    const whole = (await storage.get(largest.key)) ?? Buffer.alloc(1);
    await storage.put(largest.key, whole.subarray(0, -1));
  }
}
