export { startWeaviateSimulator } from './simulator.ts';
export type { SimulatorOptions, WeaviateSimulator } from './simulator.ts';
export { directoryStorage } from './storage/directory.ts';
export { s3Storage } from './storage/s3.ts';
