/** The least that reads a class to its end: each page is drained, and of its text only the last id is looked at. */
import { Agent, request } from 'undici';
import { serve } from './serve.ts';

/** About 3 MB at 256 dimensions. */
const LIMIT = 1_000;
const ID = '"id":"';

serve({ read });

/** @returns how many bytes came */
async function read({ url, className }: { url: string; className: string }): Promise<number> {
  const agent = new Agent({ connections: 1 });
  let bytes = 0;
  for (let after = ''; ;) {
    const query = `class=${className}&limit=${LIMIT}&after=${after}&include=vector`;
    const answer = await request(`${url}/v1/objects?${query}`, { dispatcher: agent });
    const chunks: Buffer[] = [];
    for await (const chunk of answer.body as AsyncIterable<Buffer>) chunks.push(chunk);
    const page = Buffer.concat(chunks);
    if (answer.statusCode !== 200) throw new Error(`A page was answered ${answer.statusCode}.`);
    const at = page.lastIndexOf(ID);
    if (at < 0) break;
    bytes += page.length;
    after = page.toString('latin1', at + ID.length, page.indexOf('"', at + ID.length));
  }
  await agent.close();
  return bytes;
}
