import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AivenSimulator } from './simulator.ts';
import { parseSwitch } from './switches.ts';

/**
 * How another process turns the switches: `POST /__sim/switch ["busy=1"]`, `/__sim/calm []`, `/__sim/replace ["name"]`.
 * Each answers with the switches as they stand.
 */
export async function control(
  simulator: AivenSimulator,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const words = JSON.parse(Buffer.concat(parts).toString() || '[]') as string[];
    if (request.url === '/__sim/switch') {
      for (const word of words) Object.assign(simulator.switches, parseSwitch(word));
    } else if (request.url === '/__sim/calm') {
      simulator.calm();
    } else if (request.url === '/__sim/replace') {
      await simulator.replace(words[0] ?? 'another');
    } else throw new Error('There is no such control.');
    response.end(JSON.stringify(simulator.switches));
  } catch (error) {
    response.statusCode = 400;
    response.end(JSON.stringify({ message: error instanceof Error ? error.message : 'refused' }));
  }
}
