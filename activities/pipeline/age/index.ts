export { createOpener, type Opener } from './opener.ts';
export { createSealer, fingerprint, type Seal, type Sealer } from './sealer.ts';
