import { describe, expect, it } from 'vitest';
import { AnswerBody } from '../../activities/http/answer-body.ts';

const KIB = 1024;

/** A body, and what it did to its connection. */
function begun(length?: number) {
  const did: string[] = [];
  const flow = {
    pause: () => did.push('pause'),
    resume: () => did.push('resume'),
    abort: () => did.push('abort'),
  };
  const body = new AnswerBody(flow, length, () => did.push('settled'));
  return { body, did };
}

async function rest(body: AnswerBody): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks;
}

describe('the body of an answer', () => {
  it('gives every byte in order, those that came before it was read and those after', async () => {
    const { body, did } = begun();
    body.push(Buffer.from('abc'));
    const reading = rest(body);
    await Promise.resolve();
    body.push(Buffer.from('def'));
    body.end();
    expect(Buffer.concat(await reading).toString()).toBe('abcdef');
    expect(did).toEqual(['settled']);
  });

  it('joins small chunks, and gives large ones as they are', async () => {
    const { body } = begun();
    const large = Buffer.alloc(16 * KIB, 'l');
    for (const chunk of ['a', 'b', 'c']) body.push(Buffer.from(chunk));
    body.push(large);
    body.push(Buffer.from('d'));
    body.end();
    const chunks = await rest(body);
    expect(Buffer.concat(chunks).toString()).toBe(`abc${large.toString()}d`);
    expect(chunks.map(({ length }) => length)).toEqual([3, large.length, 1]);
    const { body: other } = begun();
    other.push(large);
    other.end();
    expect((await rest(other))[0]).toBe(large);
  });

  it('holds the server back while its reader is slow', async () => {
    const { body, did } = begun();
    for (let sent = 0; sent < 160; sent += 32) body.push(Buffer.alloc(32 * KIB));
    expect(did).toEqual(['pause']);
    await body.next();
    await body.next();
    expect(did).toEqual(['pause']);
    await body.next();
    expect(did).toEqual(['pause', 'resume']);
  });

  it('does not hold a server back that has sent its last byte', () => {
    const { body, did } = begun(160 * KIB);
    body.push(Buffer.alloc(160 * KIB));
    expect(did).toEqual([]);
  });

  it('gives what has come before it fails', async () => {
    const { body, did } = begun();
    const failure = new Error('cut');
    body.push(Buffer.from('abc'));
    body.fail(failure);
    expect((await body.next()).value).toEqual(Buffer.from('abc'));
    await expect(body.next()).rejects.toBe(failure);
    await expect(body.next()).rejects.toBe(failure);
    expect(did).toEqual(['settled']);
  });

  it('ends at once by an abort', async () => {
    const { body } = begun();
    body.push(Buffer.from('abc'));
    const reason = new Error('cancelled');
    body.abort(reason);
    await expect(body.next()).rejects.toBe(reason);
  });

  it('gives up the connection when nobody reads the rest', async () => {
    const { body, did } = begun();
    body.push(Buffer.from('abc'));
    await body.return();
    expect(did).toEqual(['settled', 'abort']);
    const whole = begun();
    whole.body.end();
    await whole.body.return();
    expect(whole.did).toEqual(['settled']);
  });
});
