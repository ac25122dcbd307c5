export { startAivenSimulator } from './simulator.ts';
export type { AivenSimulator } from './simulator.ts';
