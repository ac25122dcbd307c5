import { type Exchange, readBody, sendJson } from './exchange.ts';
import type { EnterpriseSimulator } from './simulator.ts';
import { parseSwitch } from './switches.ts';

/**
 * How another process turns the switches: `POST /__sim/switch ["answerLost=@startBackup"]`, `/__sim/calm`,
 * `/__sim/restart-compactor`, `/__sim/restart-all`, `/__sim/ballast {"files":2000,"fileBytes":4096}`. Each answers
 * with the switches as they stand.
 */
export async function control(exchange: Exchange, simulator: EnterpriseSimulator): Promise<void> {
  try {
    const text = await readBody(exchange);
    switch (exchange.url.pathname) {
      case '/__sim/switch':
        for (const change of JSON.parse(text) as string[]) {
          Object.assign(simulator.switches, parseSwitch(change));
        }
        break;
      case '/__sim/calm':
        simulator.calm();
        break;
      case '/__sim/ballast':
        Object.assign(simulator.cluster.ballast, JSON.parse(text));
        break;
      case '/__sim/restart-compactor':
        setImmediate(() => void simulator.restartCompactor());
        break;
      case '/__sim/restart-all':
        setImmediate(() => void simulator.restartAll());
        break;
      default:
        throw new Error('There is no such control.');
    }
    sendJson(exchange, 200, simulator.switches);
  } catch (error) {
    sendJson(exchange, 400, { error: error instanceof Error ? error.message : 'refused' });
  }
}
