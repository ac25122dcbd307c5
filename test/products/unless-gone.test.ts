import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../activities/failure.ts';
import { unlessGone } from '../../activities/products/unless-gone.ts';

const passing = new HoldfastError('TARGET_ERROR', 'The server answered 500.');
const final = new HoldfastError('TARGET_REFUSED', 'The server answered 400.');
const message = 'Somebody removed it.';

describe('what an upload failed with', () => {
  it('is that its destination is gone, where it is', async () => {
    const failure = await unlessGone(passing, { isGone: async () => true, message, hint: 'Look.' });
    expect(failure).toMatchObject({ code: 'DESTINATION_CHANGED', message, hint: 'Look.' });
    expect((failure as HoldfastError).cause).toBe(passing);
  });

  it('stays what it was while the destination is there, and while nobody can be asked', async () => {
    expect(await unlessGone(passing, { isGone: async () => false, message })).toBe(passing);
    const unasked = () => Promise.reject(new Error('no answer'));
    expect(await unlessGone(passing, { isGone: unasked, message })).toBe(passing);
  });

  it.each([final, new TypeError('x is undefined')])(
    'is not asked after when no retry would follow: %s',
    async (error) => {
      let asked = 0;
      const isGone = async () => (asked += 1) > 0;
      expect(await unlessGone(error, { isGone, message })).toBe(error);
      expect(asked).toBe(0);
    },
  );
});
