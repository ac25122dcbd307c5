import { describe, expect, it } from 'vitest';
import { metadataParts } from '../../activities/products/influxdb-v2/metadata-parts.ts';

const TYPE = 'multipart/mixed; boundary=abc123';

function multipart(parts: [name: string, body: string][], end = '\r\n--abc123--\r\n'): string {
  const bodies = parts.map(
    ([name, body]) =>
      `--abc123\r\nContent-Disposition: attachment; name="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n${body}`,
  );
  return bodies.join('\r\n') + end;
}

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 7, type = TYPE): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { name, body } of metadataParts(type, inPieces(text, size), 'The metadata')) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    found.push([name, Buffer.concat(chunks).toString('latin1')]);
  }
  return found;
}

const TRICKY: [string, string][] = [
  ['kv', 'bolt\r\n--abc12\r\n--\r\n\r\n--abc\0\xff'],
  ['sql', ''],
  ['buckets', '[{"name":"--abc123"}]\n'],
];

describe('the metadata of a server', () => {
  it.each([1, 2, 3, 7, 16, 64, 1000])(
    'comes in parts, whatever its chunks (%i bytes)',
    async (size) => {
      expect(await read(multipart(TRICKY), size)).toEqual(TRICKY);
    },
  );

  it.each([1, 7, 1000])('is truncated without its closing boundary (%i bytes)', async (size) => {
    const text = multipart(TRICKY, '{"code":"internal error","message":"disk is gone"}');
    await expect(read(text, size)).rejects.toMatchObject({
      code: 'SOURCE_TRUNCATED',
      message: 'The metadata broke off with an error of the database: "disk is gone".',
    });
  });

  it.each([
    ['nothing', '', TYPE, 'SOURCE_TRUNCATED'],
    ['another boundary', multipart(TRICKY).replaceAll('abc123', 'xyz123'), TYPE, 'SOURCE_GARBLED'],
    ['bytes after its end', `${multipart(TRICKY)}{"code":"x"}`, TYPE, 'SOURCE_GARBLED'],
    ['a boundary that goes on', multipart(TRICKY, '\r\n--abc123xx'), TYPE, 'SOURCE_GARBLED'],
    ['a part without a name', '--abc123\r\nX: y\r\n\r\nbody\r\n--abc123--', TYPE, 'SOURCE_GARBLED'],
    ['another type', '{}', 'application/json', 'SOURCE_GARBLED'],
  ])('is not taken for one when it is %s', async (_, text, type, code) => {
    await expect(read(text, 7, type)).rejects.toMatchObject({ code });
  });
});
