export { startAivenSimulator } from './simulator.ts';
export type { AivenSimulator, SimulatorOptions } from './simulator.ts';
