import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InfluxV1Client } from '../../activities/products/influxdb-v1/client.ts';
import { connectionSchema } from '../../activities/products/influxdb-v1/config.ts';

/** Answers with this, and ends as a proxy does that does not know whether it was all. */
let answer = '';
const server = createServer((request, response) => {
  request.resume();
  response.end(answer);
});
let client: InfluxV1Client;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = connectionSchema.parse({ url });
  const { signal } = new AbortController();
  const context = { target: 'old-influx', connection, concurrency: 1, stallMs: 10_000, signal };
  client = new InfluxV1Client(connection, context, 1);
});
afterAll(async () => {
  await client.close();
  server.close();
});

const piece = (id: number, values: number[], more: object = {}) => ({
  statement_id: id,
  series: [{ name: 'm', columns: ['v'], values: values.map((value) => [value]) }],
  ...more,
});
const lines = (...results: object[]) =>
  results.map((one) => `${JSON.stringify({ results: [one] })}\n`).join('');
const PARTIAL = { partial: true };
const ask = async () => {
  const answers = await client.query(['SELECT 0', 'SELECT 1'], 'counting');
  return answers.map((rows) => rows.map(({ v }) => v));
};

describe('an answer of InfluxDB 1 in pieces', () => {
  test('is joined by its statements', async () => {
    answer = lines(piece(0, [1, 2], PARTIAL), piece(0, [3]), { statement_id: 1 });
    expect(await ask()).toEqual([[1, 2, 3], []]);
  });

  test('may be one of all, without numbers', async () => {
    const both = [piece(0, [1]), piece(1, [2])].map(({ series }) => ({ series }));
    answer = JSON.stringify({ results: both });
    expect(await ask()).toEqual([[1], [2]]);
  });

  test.each([
    ['in the middle of a statement', lines(piece(1, [1]), piece(0, [1], PARTIAL))],
    ['between two', lines(piece(0, [1]))],
  ])('that ends %s is not all', async (_where, text) => {
    answer = text;
    await expect(ask()).rejects.toMatchObject({
      code: 'SOURCE_TRUNCATED',
      message: expect.stringMatching(/: counting failed: the answer ends early\.$/) as string,
    });
  });

  test('is refused by an error behind rows', async () => {
    answer = lines(piece(0, [1], PARTIAL), { statement_id: 0, error: 'timeout' });
    await expect(ask()).rejects.toMatchObject({ code: 'TARGET_BUSY' });
  });
});
