import { type Exchange, readJson, sendJson } from './exchange.ts';
import type { Generation } from './generate.ts';
import type { InfluxSimulator } from './simulator.ts';
import { parseSwitch } from './switches.ts';

/** `POST /__sim/switch ["shardCut=1"]`, `/__sim/calm`, `/__sim/shrink {"keep":0.3}`, `/__sim/generate {…}`; answers with the switches. */
export async function control(exchange: Exchange, simulator: InfluxSimulator): Promise<void> {
  try {
    const body = await readJson(exchange.request).catch(() => ({}));
    const path = exchange.url.pathname;
    if (path === '/__sim/switch') {
      for (const text of Object.values(body)) {
        Object.assign(simulator.switches, parseSwitch(String(text)));
      }
    } else if (path === '/__sim/calm') simulator.calm();
    else if (path === '/__sim/shrink')
      await simulator.shrink(Number((body as { keep?: unknown }).keep));
    else if (path === '/__sim/generate') simulator.generate(body as unknown as Generation);
    else throw new Error('There is no such control.');
    sendJson(exchange, 200, simulator.switches);
  } catch (error) {
    sendJson(exchange, 400, { message: error instanceof Error ? error.message : 'refused' });
  }
}
