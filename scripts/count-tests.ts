/**
 * Prints `N passed, N failed` from the JSON report of vitest. Run: node scripts/count-tests.ts REPORT [EXTRA_FAILURES]
 * A file that could not be run counts as one failure, as does a run that failed without a failed test.
 */
import { existsSync, readFileSync } from 'node:fs';

/** The part of vitest's JSON report that is needed here. */
export interface Report {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  testResults: readonly { status: string; assertionResults: readonly { status: string }[] }[];
}

export interface Count {
  passed: number;
  failed: number;
}

/**
 * @param report undefined where no test was run at all, which is a failure
 * @param extra failures outside the tests: type-check, lint
 */
export function countTests(report: Report | undefined, extra: number): Count {
  if (report === undefined) return { passed: 0, failed: 1 + extra };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = report.numFailedTests + broken.length;
  const isSilentFailure = !report.success && failed === 0;
  const isEmpty = report.numPassedTests === 0 && failed === 0;
  return { passed: report.numPassedTests, failed: failed + extra + (isSilentFailure || isEmpty ? 1 : 0) };
}

if (import.meta.main) {
  const [path = '', extra = '0'] = process.argv.slice(2);
  const report: Report | undefined = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  const { passed, failed } = countTests(report, Number(extra));
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (failed > 0) process.exitCode = 1;
}
