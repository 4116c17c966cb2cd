import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** Something that some tests need and that a clean checkout may lack. */
const OPTIONAL_PARTS = [
  { path: '../shared/data/fer2013/fer2013.csv.gz', what: 'the data set FER2013' },
  { path: '../shared/data/photos', what: 'photos for development' },
  { path: '/usr/bin/chromium', what: 'a browser (scripts/install-browser.sh brings it)' },
] as const;

/** Says at the end of a run which tests were skipped, and what is missing here, so that green is not taken for tested. */
export default class NotTestedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const missing = OPTIONAL_PARTS.filter(({ path }) => !existsSync(resolve(import.meta.dirname, '..', path)));
    if (skipped.length === 0 && missing.length === 0) return;
    const lines = [
      ...missing.map(({ path, what }) => `  missing: ${what} (${path})`),
      ...skipped.map((test) => `  skipped: ${test.module.relativeModuleId} > ${test.fullName}`),
    ];
    process.stdout.write(`\nNot tested here:\n${lines.join('\n')}\n`);
  }
}
