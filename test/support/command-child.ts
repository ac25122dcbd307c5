import { runCommandLine } from '../../client/program.ts';

/** What `client/main.ts` does, as a module that can be bundled for `require`. */
void runCommandLine(process.argv);
