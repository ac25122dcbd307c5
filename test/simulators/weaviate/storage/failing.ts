import { type Switches, strikes } from '../switches.ts';
import { type Place, StorageFault } from './storage.ts';

/** A place as one call of the API finds it: away or closed, when the switches say so. */
export function asCallSees(place: Place, switches: Switches, call: string): Place {
  // A call finds the storage away or there, however often it asks.
  const away = strikes(switches, 'storageAway', call);
  const half = strikes(switches, 'descriptorHalf', call);
  const denied = strikes(switches, 'storageDenied', call);
  const reached = () => {
    if (away)
      throw new StorageFault('Get "http://storage/": dial tcp: connect: connection refused');
  };
  const allowed = () => {
    reached();
    if (denied) throw new StorageFault('Access Denied.');
  };
  return {
    home: place.home,
    async put(key, bytes) {
      allowed();
      await place.put(key, bytes);
    },
    async get(key) {
      reached();
      const bytes = await place.get(key);
      return half && key.endsWith('.json') ? bytes?.subarray(0, bytes.length / 2) : bytes;
    },
    async remove(key) {
      allowed();
      await place.remove(key);
    },
    async list(prefix) {
      reached();
      return place.list(prefix);
    },
  };
}
