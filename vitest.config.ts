import { defineConfig } from 'vitest/config';

const shared = {
  // Against hanging: a machine that is busy with other things takes several times as long as an idle one.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  pool: 'forks' as const,
  // A bare container could not tell itself apart, and would be refused by its own directories.
  env: { HOLDFAST_HOST_ID: 'tests' },
  // What tests import takes seconds; files that share a process import it once.
  isolate: false,
  // What a test waits for comes at once on an idle machine; on a loaded one the default second is too short.
  // Between two looks lies time for what is looked for.
  expect: { poll: { timeout: 60_000, interval: 100 } },
};

export default defineConfig({
  test: {
    passWithNoTests: false,
    // Most tests wait for servers and time-outs: more than one worker for a core keeps both busy.
    maxWorkers: 6,
    projects: [
      {
        test: {
          ...shared,
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**'],
          globalSetup: ['test/support/temporal-server.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          globalSetup: ['test/support/temporal-server.ts'],
          // They wait for their servers more than they work; three of those at a time are too much for two cores.
          maxWorkers: 2,
        },
      },
    ],
  },
});
