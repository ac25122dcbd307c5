import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** A process has one runtime of the SDK, and test files share processes. */
export function quietRuntime(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR') });
  installed = true;
}
