import { type Exchange, readJson, sendJson } from './exchange.ts';
import type { Generation } from './generate.ts';
import type { InfluxSimulator } from './simulator.ts';
import { parseSwitch } from './switches.ts';

/**
 * How another process turns the switches: `POST /__sim/switch ["shardCut=1"]`, `/__sim/calm {}`, `/__sim/shrink
 * {"keep":0.3}`, `/__sim/generate {"shards":10,"shardBytes":4096}`. Each answers with the switches as they stand.
 */
export async function control(exchange: Exchange, simulator: InfluxSimulator): Promise<void> {
  const { request, url } = exchange;
  try {
    if (url.pathname === '/__sim/switch') {
      const changes = Object.values(await readJson<string[]>(request)) as string[];
      for (const change of changes) Object.assign(simulator.switches, parseSwitch(change));
    } else if (url.pathname === '/__sim/calm') {
      simulator.calm();
    } else if (url.pathname === '/__sim/shrink') {
      const { keep = 1 } = await readJson<{ keep: number }>(request);
      await simulator.shrink(keep);
    } else if (url.pathname === '/__sim/generate') {
      simulator.generate({ shards: 1, shardBytes: 4096, ...(await readJson<Generation>(request)) });
    } else throw new Error('There is no such control.');
    sendJson(exchange, 200, simulator.switches);
  } catch (error) {
    sendJson(exchange, 400, { message: error instanceof Error ? error.message : 'refused' });
  }
}
