import { expect, test } from 'vitest';
import { storeOf, targetOf } from '../../activities/config/snapshot.ts';
import { load, withTarget } from './load.ts';

test.each([
  [
    'store',
    storeOf,
    'STORE_UNKNOWN',
    'mian',
    /^There is no store "mian" in .*, which has main\. .*"main"\?/,
  ],
  [
    'target',
    targetOf,
    'TARGET_UNKNOWN',
    'metric',
    /^There is no target "metric" in .*, which has metrics\. .*"metrics"\?/,
  ],
] as const)(
  'a %s that the file does not name is refused with the nearest one',
  async (_, find, code, name, message) => {
    const config = await load(withTarget());
    expect(() => find(config, name)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
    );
  },
);
