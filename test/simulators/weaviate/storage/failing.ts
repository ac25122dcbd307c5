import { type Switches, strikes } from '../switches.ts';
import { type Place, StorageFault } from './storage.ts';

interface Mood {
  away: boolean;
  half: boolean;
  denied: boolean;
}

/** A place as one call of the API finds it: away or closed, however often it asks. */
export function asCallSees(place: Place, switches: Switches, call: string): Place {
  const mood = moodOf(switches, call);
  return withMood(place, () => mood);
}

/** A place as a job finds it, from one object to the next. Switches call it `job`. */
export function asJobSees(place: Place, switches: Switches): Place {
  return withMood(place, () => moodOf(switches, 'job'));
}

function moodOf(switches: Switches, call: string): Mood {
  return {
    away: strikes(switches, 'storageAway', call),
    half: strikes(switches, 'descriptorHalf', call),
    denied: strikes(switches, 'storageDenied', call),
  };
}

function withMood(place: Place, mood: () => Mood): Place {
  const demand = (writes: boolean): Mood => {
    const now = mood();
    if (now.away) {
      throw new StorageFault('Get "http://storage/": dial tcp: connect: connection refused');
    }
    if (writes && now.denied) throw new StorageFault('Access Denied.');
    return now;
  };
  return {
    home: place.home,
    async put(key, bytes) {
      demand(true);
      await place.put(key, bytes);
    },
    async get(key) {
      const { half } = demand(false);
      const bytes = await place.get(key);
      return half && key.endsWith('.json') ? bytes?.subarray(0, bytes.length / 2) : bytes;
    },
    async remove(key) {
      demand(true);
      await place.remove(key);
    },
    async list(prefix) {
      demand(false);
      return place.list(prefix);
    },
  };
}
