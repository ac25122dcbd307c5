import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../failure.ts';
import { discard, openTemporary, publish } from './durable.ts';
import { errnoOf } from './failure.ts';
import { HOST_MARKER, intendedName } from './layout.ts';

/**
 * Binds a directory to the first host that writes to it: what two hosts call by one path is usually two directories,
 * and network file systems differ in what a link and an fsync promise.
 * @throws STORE_NOT_SHARED on any other host
 */
export async function claimForHost(root: string, store: string, hostId: string): Promise<void> {
  const marker = join(root, HOST_MARKER);
  const found = (await readMarker(marker)) ?? (await writeMarker(root, marker, hostId));
  if (found.id === hostId) return;
  throw new HoldfastError(
    'STORE_NOT_SHARED',
    `${store} belongs to the host ${found.name}, and this is ${hostname()}.`,
    {
      hint:
        'Declare `shared: true` if every host sees the same directory; ' +
        `if the disk has moved to this host for good, remove the file ${HOST_MARKER} in it.`,
    },
  );
}

interface Marker {
  id: string;
  name: string;
}

async function readMarker(path: string): Promise<Marker | undefined> {
  try {
    const [id = '', name = ''] = (await readFile(path, 'utf8')).trim().split(' ');
    return { id, name };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeMarker(root: string, path: string, hostId: string): Promise<Marker> {
  const marker = { id: hostId, name: hostname() };
  const temporary = await openTemporary(root, path);
  try {
    await temporary.handle.writeFile(`${marker.id} ${marker.name}\n`);
    await publish(temporary, path);
  } catch (error) {
    await discard(temporary);
    const there = await readMarker(path);
    if (there && ['EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) return there;
    throw error;
  }
  await removeLostAttempts(root);
  return marker;
}

/** Who comes to write the marker from now on finds it: what is left of others' attempts is of no use. */
async function removeLostAttempts(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (intendedName(name) === HOST_MARKER) await rm(join(root, name), { force: true });
  }
}

/** @throws STORE_BUCKET_MISSING */
export async function checkRoot(root: string, store: string): Promise<void> {
  const found = await stat(root).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found?.isDirectory()) return;
  throw new HoldfastError(
    'STORE_BUCKET_MISSING',
    `${store} is not there: ${found ? 'this is no directory' : 'there is no such directory'}.`,
  );
}
