export { startInfluxSimulator } from './simulator.ts';
export type { InfluxSimulator, SimulatorOptions } from './simulator.ts';
