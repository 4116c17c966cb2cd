import { describe, expect, it } from 'vitest';
import { countTests, type Report } from '../scripts/count-tests.ts';

const report = (changes: Partial<Report>): Report => ({
  success: true,
  numPassedTests: 3,
  numFailedTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }],
  ...changes,
});

describe('countTests', () => {
  it('takes over what the report says', () => {
    expect(countTests(report({}), 0)).toEqual({ passed: 3, failed: 0 });
  });

  it('adds failures of type-check and lint', () => {
    expect(countTests(report({}), 1)).toEqual({ passed: 3, failed: 1 });
  });

  it('counts failed tests once', () => {
    const testResults = [{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'failed' }] }];
    expect(countTests(report({ success: false, numFailedTests: 2, testResults }), 0)).toEqual({ passed: 3, failed: 2 });
  });

  it('counts a file that could not be loaded', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }];
    expect(countTests(report({ success: false, testResults }), 0)).toEqual({ passed: 3, failed: 1 });
  });

  it('counts a failure that no test shows, such as an unhandled error', () => {
    expect(countTests(report({ success: false }), 0)).toEqual({ passed: 3, failed: 1 });
  });

  it('takes no tests for a failure', () => {
    expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1 });
    expect(countTests(report({ numPassedTests: 0, testResults: [] }), 0)).toEqual({ passed: 0, failed: 1 });
  });
});
