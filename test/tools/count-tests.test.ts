import { describe, expect, it } from 'vitest';
import { countTests, skippedTests, type TestReport } from '../../infra/build/count-tests.ts';

const report = (passed: number, failed: number, unloaded = 0): TestReport => ({
  numPassedTests: passed,
  numFailedTests: failed,
  testResults: Array.from({ length: unloaded }, () => ({ status: 'failed', assertionResults: [] })),
});

describe('counting the tests of a suite', () => {
  it('gives what the report says', () => {
    expect(countTests(report(12, 0), 0)).toEqual({ passed: 12, failed: 0 });
    expect(countTests(report(12, 3), 1)).toEqual({ passed: 12, failed: 3 });
  });

  it('counts a file that could not be loaded as one failure', () => {
    expect(countTests(report(12, 0, 2), 1)).toEqual({ passed: 12, failed: 2 });
  });

  it('counts a run that broke outside its tests', () => {
    expect(countTests(report(12, 0), 1)).toEqual({ passed: 12, failed: 1 });
    expect(countTests(report(12, 0), 124)).toEqual({ passed: 12, failed: 1 });
  });

  it('counts no report and no tests as failures', () => {
    expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1 });
    expect(countTests(report(0, 0), 0)).toEqual({ passed: 0, failed: 1 });
  });

  it('names those that did not run', () => {
    const assertionResults = [
      { status: 'passed', fullName: 'a store keeps' },
      { status: 'skipped', fullName: 'a store without age' },
    ];
    const testResults = [{ status: 'passed', assertionResults }];
    expect(skippedTests({ ...report(1, 0), testResults })).toEqual(['a store without age']);
    expect(skippedTests(undefined)).toEqual([]);
  });
});
