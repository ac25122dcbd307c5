export { createOpener, type Opener } from './opener.ts';
export { createSealer, fingerprint, type Sealer } from './sealer.ts';
