import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../failure.ts';
import type { HostIdentity } from '../host-identity.ts';
import type { Access } from './access.ts';
import { discard, openTemporary, publish } from './durable.ts';
import { directoryFailure, errnoOf } from './failure.ts';
import { HOST_MARKER, intendedName } from './layout.ts';
import { unmountedPoint } from './mount-point.ts';
import { fileAt } from './walk.ts';

/**
 * Binds a directory to the first host that writes to it: what two hosts call by one path is usually two directories,
 * and network file systems differ in what a link and an fsync promise.
 * @param access of the file that says so; without, a directory that is nobody's yet stays so
 * @throws STORE_NOT_SHARED on any other host, and on one that could not be told from others tomorrow
 */
export async function claimForHost(
  root: string,
  store: string,
  host: HostIdentity,
  access: Access | undefined,
): Promise<void> {
  const marker = join(root, HOST_MARKER);
  let found = await readMarker(marker, store);
  if (!found) {
    if (!host.lasts) throw unnamed(store, host);
    if (!access) return;
    found = await writeMarker(root, marker, store, host, access);
  }
  if (found.id === host.id) return;
  if (!host.lasts) throw unnamed(store, host, found);
  throw new HoldfastError(
    'STORE_NOT_SHARED',
    `${store} belongs to the host ${found.name}, and this is ${host.name}.`,
    {
      hint:
        'Declare `shared: true` if every host sees the same directory; ' +
        `if the disk has moved to this host for good, remove the file ${HOST_MARKER} in it.`,
    },
  );
}

/** As a container without a name of its own: tomorrow it would be refused as another host. */
function unnamed(store: string, host: HostIdentity, found?: Marker): HoldfastError {
  const whose = found
    ? `belongs to the host ${found.name}, and nothing tells whether this is it`
    : 'cannot be kept for this host alone';
  return new HoldfastError(
    'STORE_NOT_SHARED',
    `${store} ${whose}: ${host.name} has no /etc/machine-id, as in a container.`,
    {
      hint:
        'Declare `shared: true` if every worker sees the same directory, or set HOLDFAST_HOST_ID to one name for good ' +
        `on this host${found ? `, and remove the file ${HOST_MARKER} in the directory` : ''}.`,
    },
  );
}

type Marker = Pick<HostIdentity, 'id' | 'name'>;

async function readMarker(path: string, store: string): Promise<Marker | undefined> {
  try {
    const [id = '', name = ''] = (await readFile(path, 'utf8')).trim().split(' ');
    return { id, name };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw directoryFailure(error, store, `read its file ${HOST_MARKER}`);
  }
}

async function writeMarker(
  root: string,
  path: string,
  store: string,
  { id, name }: HostIdentity,
  access: Access,
): Promise<Marker> {
  const marker = { id, name };
  const temporary = await openTemporary(root, path, access);
  try {
    await temporary.handle.writeFile(`${marker.id} ${marker.name}\n`);
    await temporary.handle.sync();
    await publish(temporary, path);
  } catch (error) {
    await discard(temporary);
    const there = await readMarker(path, store);
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

/**
 * A store that somebody has begun in a mount point may be read as it lies there; nothing more is put into it.
 * @throws STORE_BUCKET_MISSING, also when only the folder is there in which its disk is not mounted
 */
export async function checkRoot(
  root: string,
  store: string,
  use: 'read' | 'write' = 'read',
): Promise<void> {
  const point = await unmountedPoint(root);
  if (point !== undefined && (use === 'write' || !(await fileAt(join(root, HOST_MARKER))))) {
    throw new HoldfastError(
      'STORE_BUCKET_MISSING',
      `${store} is not there: no disk is mounted at ${point}, though /etc/fstab has one for it.`,
      { hint: `\`mount ${point}\`; or remove its line from /etc/fstab if no disk belongs there.` },
    );
  }
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
