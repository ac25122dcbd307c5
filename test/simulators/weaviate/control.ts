import { setTimeout as sleep } from 'node:timers/promises';
import { type Exchange, readJson, sendJson } from './exchange.ts';
import type { WeaviateSimulator } from './simulator.ts';
import { parseSwitch } from './switches.ts';

/**
 * How another process turns the switches: `POST /__sim/switch ["answerLost=@create*1"]`, `/__sim/calm {}`,
 * `/__sim/kill {"node":"node2"}` and `/__sim/start {"node":"node2"}` of another node, `/__sim/restart {"downMs":1000}` of
 * the one that is asked. Each answers with the switches as they stand.
 */
export async function control(exchange: Exchange, simulator: WeaviateSimulator): Promise<void> {
  const { url, response, node } = exchange;
  try {
    const name = async () => (await readJson<{ node: string }>(exchange)).node ?? node.name;
    if (url.pathname === '/__sim/switch') {
      const changes = Object.values(await readJson<string[]>(exchange)) as string[];
      for (const change of changes) Object.assign(simulator.switches, parseSwitch(change));
    } else if (url.pathname === '/__sim/calm') simulator.calm();
    else if (url.pathname === '/__sim/kill') setImmediate(kill, simulator, await name());
    else if (url.pathname === '/__sim/start') await simulator.start(await name());
    else if (url.pathname === '/__sim/restart') {
      const { downMs = 0 } = await readJson<{ downMs: number }>(exchange);
      setImmediate(restart, simulator, node.name, downMs);
    } else throw new Error('There is no such control.');
    sendJson(response, 200, simulator.switches);
  } catch (error) {
    sendJson(response, 400, { message: error instanceof Error ? error.message : 'refused' });
  }
}

function kill(simulator: WeaviateSimulator, node: string): void {
  void simulator.kill(node);
}

function restart(simulator: WeaviateSimulator, node: string, downMs: number): void {
  void simulator
    .kill(node)
    .then(() => sleep(downMs))
    .then(() => simulator.start(node));
}
