/**
 * For `--import`: in the modules that follow a job, time passes BENCH_CLOCK times as fast. Everything else keeps the true
 * time: Temporal's client and the S3 store sign and wait by it, and no request gets slower.
 */
import { register } from 'node:module';
import { CLOCK } from './scaled-time.ts';

Object.assign(globalThis, { scaledClock: CLOCK });
register('./scaled-modules.js', import.meta.url);
