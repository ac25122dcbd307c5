import type { Collection, DataObject, Shard } from '../collection.ts';
import type { Files } from './chunk.ts';

/** Files of so many objects each: those that are full never change, which is what increments live on. */
const OBJECTS_PER_FILE = 500;

/** A shard as files, below a folder of its own. */
export function shardFiles(collection: Collection, shard: Shard): Files {
  const folder = shardFolder(collection.name, shard.name);
  // What was in memory is written out first, and `/v1/nodes` counts what lies on disk.
  shard.counted = shard.objects.size;
  const files: Files = new Map([
    [`${folder}/indexcount`, Buffer.from(String(shard.objects.size).padStart(8, '0'))],
    [`${folder}/proplengths`, Buffer.from('{}')],
    [`${folder}/version`, Buffer.from([2, 0])],
  ]);
  const objects = [...shard.objects.values()];
  for (let at = 0; at < objects.length; at += OBJECTS_PER_FILE) {
    const number = String(at / OBJECTS_PER_FILE + 1).padStart(6, '0');
    const lines = objects.slice(at, at + OBJECTS_PER_FILE).map((one) => JSON.stringify(one));
    files.set(`${folder}/lsm/objects/segment-${number}.db`, Buffer.from(lines.join('\n')));
  }
  return files;
}

export function shardFolder(className: string, shard: string): string {
  return `${className.toLowerCase()}/${shard}`;
}

/** The objects of a shard's files; throws when a file is not what it should be. */
export function objectsIn(files: Files, folder: string): Map<string, DataObject> {
  const objects = new Map<string, DataObject>();
  const names = [...files.keys()].filter((name) => name.startsWith(`${folder}/lsm/objects/`));
  for (const name of names.sort()) {
    for (const line of (files.get(name) ?? '').toString().split('\n')) {
      const object = JSON.parse(line) as DataObject;
      objects.set(object.id, object);
    }
  }
  return objects;
}
