import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Stage } from './stage.ts';

const CHECK = join(import.meta.dirname, '../../scripts/check-firefox.ts');

/** Debian's browser, which scripts/install-test-tools.sh installs. Where it is missing, a test run ends with saying so. */
const hasFirefox = existsSync('/usr/bin/firefox-esr');

export function describeFirefox(stage: Stage): void {
  describe.skipIf(!hasFirefox)('in Firefox', () => {
    it('reads the faces of a picture', async () => {
      const run = promisify(execFile)(process.execPath, ['--conditions=source', CHECK, stage.appFolder]);
      const { stdout, stderr } = await run;
      expect(stdout).toMatch(/^Happy\s+\d+%/);
      expect(stderr, 'complaints of the page').toBe('');
    });
  });
}
