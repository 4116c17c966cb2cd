import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { hasFfmpeg } from '../test/ffmpeg.ts';
import { hasPostgres } from '../test/postgres.ts';

/** Something that some tests need and that a clean checkout may lack. */
export interface OptionalPart {
  what: string;
  isHere: boolean;
}

const INSTALL = 'scripts/install-test-tools.sh brings it';
const exists = (path: string): boolean => existsSync(resolve(import.meta.dirname, '..', path));

/** Programs are looked for just as the tests do that are skipped without them. */
export const OPTIONAL_PARTS: readonly OptionalPart[] = [
  {
    what: 'the data set FER2013 (../shared/data/fer2013/fer2013.csv.gz)',
    isHere: exists('../shared/data/fer2013/fer2013.csv.gz'),
  },
  { what: 'photos for development (../shared/data/photos)', isHere: exists('../shared/data/photos') },
  { what: `PostgreSQL 15, and as root its user and runuser (${INSTALL})`, isHere: hasPostgres },
  // Not from test/chromium.ts, which would load Playwright for each run of whatever tests.
  { what: `Chromium, for pages (/usr/bin/chromium; ${INSTALL})`, isHere: exists('/usr/bin/chromium') },
  { what: `Firefox, for pages (/usr/bin/firefox-esr; ${INSTALL})`, isHere: exists('/usr/bin/firefox-esr') },
  { what: `ffmpeg and ffprobe, for video (in /usr/bin; ${INSTALL})`, isHere: hasFfmpeg },
];

/**
 * The text for the end of a run; empty where nothing is missing and nothing was skipped.
 * @param skipped names of tests
 */
export function describeNotTested(parts: readonly OptionalPart[], skipped: readonly string[]): string {
  const lines = [
    ...parts.filter(({ isHere }) => !isHere).map(({ what }) => `  missing: ${what}`),
    ...skipped.map((name) => `  skipped: ${name}`),
  ];
  return lines.length === 0 ? '' : `\nNot tested here:\n${lines.join('\n')}\n`;
}

/** Says at the end of a run which tests were skipped, and what is missing here, so that green is not taken for tested. */
export default class NotTestedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const names = skipped.map((test) => `${test.module.relativeModuleId} > ${test.fullName}`);
    process.stdout.write(describeNotTested(OPTIONAL_PARTS, names));
  }
}
