import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/**
 * The code that runs in the sandbox of the workflows, from the folder that holds them, as source or compiled. Every worker
 * gets its bundle from here: one without the payload converter could be blocked for ever by a signal.
 */
export async function bundleWorkflows(folder: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: folder,
    payloadConverterPath: join(folder, 'payload-converter'),
    logger: new DefaultLogger('WARN'),
  });
  return code;
}
