/**
 * Workflows in the worker's own thread: one of their own would load all of the SDK once more, for each of hundreds of
 * workers. The tests of the command run them as the product does. In the main thread the SDK's hook meets the promises
 * of WebCrypto, also those of later files, which it does not bear from Node 24 on.
 */
export const IN_MAIN_THREAD = { debugMode: Number.parseInt(process.versions.node) < 24 };
