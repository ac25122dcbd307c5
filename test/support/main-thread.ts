import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

/**
 * Workflows in the worker's own thread: one of their own would load all of the SDK once more, for each of hundreds of
 * workers. The tests of the command run them as the product does.
 */
export const IN_MAIN_THREAD = { debugMode: true };

// The SDK's hook for the stack traces of workflows would meet every promise of the thread: a fifth of all processor
// time there, and from Node 24 on it does not bear those of WebCrypto.
Object.assign(globalHandlers, { setPromiseHook: () => undefined });
