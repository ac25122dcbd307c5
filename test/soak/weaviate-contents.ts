import { createHash } from 'node:crypto';
import type { WeaviateSimulator } from '../simulators/weaviate/index.ts';
import type { Contents } from './world.ts';

export function clusterContents({ cluster }: WeaviateSimulator): Contents {
  const seen = new Map<string, string>();
  for (const collection of cluster.collections.values()) {
    const lines = [...collection.shards.values()].flatMap(({ name, objects }) => {
      const tenant = collection.hasTenants ? name : '';
      return [...objects.values()].map(({ id, properties, vector, vectors }) =>
        JSON.stringify([tenant, id, properties, vector, vectors]),
      );
    });
    const digest = createHash('sha256').update(lines.toSorted().join('\n')).digest('hex');
    seen.set(collection.name, `${lines.length} objects ${digest.slice(0, 12)}`);
  }
  return seen;
}

/** Whether a job goes on there. */
export function isBusy({ cluster }: WeaviateSimulator): boolean {
  return cluster.nodes.some(({ memory }) => memory.backingUp ?? memory.restoring);
}
