import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Debian's browser, which scripts/install-test-tools.sh installs. Where it is missing, a test run ends with saying so. */
const CHROMIUM = '/usr/bin/chromium';

export const hasChromium = existsSync(CHROMIUM);

/** Without the sandbox, for which a container lacks the rights, and without anything that calls home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** WebGPU on the processor, by SwiftShader: right but slow. */
const SOFTWARE_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** Starts a browser that shows no window, with more flags if given. Who starts it closes it. */
export function launchChromium({
  webgpu = false,
  flags = [],
}: {
  webgpu?: boolean;
  flags?: string[];
} = {}): Promise<Browser> {
  const args = [...FLAGS, ...(webgpu ? SOFTWARE_WEBGPU : []), ...flags];
  return chromium.launch({ executablePath: CHROMIUM, args, timeout: 180_000 });
}
