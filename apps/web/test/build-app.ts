import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const APP = join(import.meta.dirname, '..');

/** Builds the app into a folder as `npm run build` does: in a process whose NODE_ENV is that of tests, Vite builds another one. */
export function buildApp(folder: string): void {
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
  const options = ['--logLevel', 'error', '--outDir', folder, '--emptyOutDir'];
  execFileSync(process.execPath, [vite, 'build', ...options], {
    cwd: APP,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: 'inherit',
  });
}
