import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian's ffmpeg, which scripts/install-test-tools.sh installs. Where it is missing, a test run ends with saying so. */
const FFMPEG = '/usr/bin/ffmpeg';

export const hasFfmpeg = existsSync(FFMPEG) && existsSync('/usr/bin/ffprobe');

/**
 * Runs ffmpeg to make a video for a test.
 * @param input bytes for its standard input.
 */
export function ffmpeg(args: readonly string[], input?: Uint8Array): void {
  execFileSync(FFMPEG, ['-v', 'error', '-y', '-nostdin', ...args], { input, stdio: ['pipe', 'pipe', 'inherit'] });
}
