import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hostIdentity } from '../../activities/stores/host-identity.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('host');
});
afterEach(() => folder.remove());

/** Of a host whose /etc/machine-id holds this, if it has one. */
async function identity(
  content: string | undefined,
  options: Parameters<typeof hostIdentity>[0] = {},
) {
  const machineId = join(folder.path, 'machine-id');
  if (content !== undefined) await writeFile(machineId, content);
  return hostIdentity({ env: {}, platform: 'linux', machineId, ...options });
}

it('is the id of the machine, which is never shown', async () => {
  const id = '0123456789abcdef0123456789abcdef';
  const found = await identity(`${id}\n`);
  expect(found).toMatchObject({ name: hostname(), lasts: true });
  expect(found.id).toMatch(/^[0-9a-f]{32}$/);
  expect(found.id).not.toBe(id);
});

it.each([undefined, '', 'uninitialized\n'])(
  'does not last on a Linux whose machine id is %j, as in a container',
  async (content) => {
    expect(await identity(content)).toMatchObject({ name: hostname(), lasts: false });
    expect(await identity(content, { platform: 'darwin' })).toMatchObject({ lasts: true });
  },
);

it('is what HOLDFAST_HOST_ID says, whatever else there is', async () => {
  const env = { HOLDFAST_HOST_ID: ' backup host 1\n' };
  const found = await identity('0123456789abcdef0123456789abcdef', { env });
  expect(found).toMatchObject({ name: 'backup-host-1', lasts: true });
  expect(found.id).toBe((await identity(undefined, { env })).id);
});
