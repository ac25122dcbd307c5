import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export interface TestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string; fullName: string }[] }[];
}

/**
 * Adds up a JSON report of vitest. Whatever went wrong counts: a file that did not load, an error outside the tests,
 * no report, no tests at all.
 */
export function countTests(
  report: TestReport | undefined,
  exitCode: number,
): { passed: number; failed: number } {
  const passed = report?.numPassedTests ?? 0;
  const unloaded = (report?.testResults ?? []).filter(
    (file) =>
      file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = (report?.numFailedTests ?? 0) + unloaded.length;
  const brokeOtherwise = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: brokeOtherwise ? 1 : failed };
}

/** Tests that did not run, by name: each is to be known to whoever reads that nothing failed. */
export function skippedTests(report: TestReport | undefined): string[] {
  return (report?.testResults ?? []).flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => fullName),
  );
}

function read(path: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TestReport;
  } catch {
    return undefined;
  }
}

/** `tsx count-tests.ts REPORT EXIT_CODE` prints `<passed> <failed>`, and the skipped ones below. */
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const report = read(process.argv[2] ?? '');
  const { passed, failed } = countTests(report, Number(process.argv[3] ?? 1));
  console.log([`${passed} ${failed}`, ...skippedTests(report)].join('\n'));
}
