import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Tells hosts apart that use one directory. */
export interface HostIdentity {
  id: string;
  /** For people. */
  name: string;
  /** The same tomorrow: a container is another host by its name whenever it is made anew. */
  lasts: boolean;
}

export function hostIdentity({
  env = process.env,
  platform = process.platform,
  machineId = '/etc/machine-id',
} = {}): HostIdentity {
  const given = env['HOLDFAST_HOST_ID']?.trim();
  if (given) return { id: idOf(given), name: given.replaceAll(/\s+/g, '-'), lasts: true };
  const name = hostname();
  const machine = readMachineId(machineId);
  if (machine) return { id: idOf(machine), name, lasts: true };
  return { id: idOf(name), name, lasts: platform !== 'linux' };
}

/** Hashed, because systemd asks that a machine id is never shown as it is. */
function idOf(identity: string): string {
  return createHash('sha256').update(`holdfast ${identity}`).digest('hex').slice(0, 32);
}

/** An image that was not started yet may say that its id is still to come. */
function readMachineId(path: string): string | undefined {
  try {
    const id = readFileSync(path, 'utf8').trim();
    return id === 'uninitialized' ? undefined : id;
  } catch {
    return undefined;
  }
}
