import { HoldfastError } from '../../activities/failure.ts';
import { findTool } from './find-tool.ts';
import { TOOLS, isToolName } from './table.ts';

/** `npm run tools -- temporal versitygw`: prints a path for each, and fetches or builds what is missing. */
async function main(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !isToolName(name));
  if (names.length === 0 || unknown.length > 0) {
    const problem = unknown.length > 0 ? `There is no tool ${unknown.join(', ')}. ` : '';
    console.error(`${problem}Usage: npm run tools -- <name>…, of: ${Object.keys(TOOLS).join(' ')}`);
    return 2;
  }
  let exitCode = 0;
  // One after the other: a Go build fills every core by itself, and the later ones gain from the cache of the first.
  for (const name of names.filter(isToolName)) {
    try {
      console.log(await findTool(name));
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      console.error(`${error.message} ${error.hint}`);
      exitCode = 1;
    }
  }
  return exitCode;
}

process.exitCode = await main(process.argv.slice(2));
