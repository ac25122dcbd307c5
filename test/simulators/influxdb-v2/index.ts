export { startInfluxSimulator } from './simulator.ts';
export type { InfluxSimulator } from './simulator.ts';
