export { startBalancer } from './balancer.ts';
export { startEnterpriseSimulator } from './simulator.ts';
export type { EnterpriseSimulator, SimulatorOptions } from './simulator.ts';
