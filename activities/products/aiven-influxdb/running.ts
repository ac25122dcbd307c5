import { HoldfastError } from '../../failure.ts';
import type { Service } from './answers.ts';

/** @throws WRONG_SERVER, TARGET_REFUSED for a service that is off, TARGET_BUSY for one that is being rebuilt */
export function requireRunning({ service_type: type, state }: Service, server: string): void {
  if (type && type !== 'influxdb') {
    throw new HoldfastError('WRONG_SERVER', `${server} is of the type ${type}, not influxdb.`);
  }
  if (!state || state === 'RUNNING') return;
  if (state === 'POWEROFF') {
    throw new HoldfastError('TARGET_REFUSED', `${server} is powered off.`, {
      hint: 'Power the service on. Aiven ended this product on 30 April 2025.',
    });
  }
  throw new HoldfastError('TARGET_BUSY', `${server} is not ready yet: it is ${state}.`);
}
