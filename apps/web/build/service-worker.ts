import { createHash } from 'node:crypto';
import { globSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { type Plugin, transformWithOxc } from 'vite';

const SOURCE = join(import.meta.dirname, '../service-worker/worker.ts');
const NAME = 'service-worker.js';

/** Not kept ahead: maps, and what only browsers with WebGPU load, which is as large as all the rest. */
const LEFT_OUT = /\.map$|asyncify|webgpu/;

/** After the build, writes the service worker with a list of all files and hashes of their contents. */
export function serviceWorker(): Plugin {
  let folder = '';
  return {
    name: 'mememoji-service-worker',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = join(root, build.outDir);
      if (build.outDir.startsWith(sep)) folder = build.outDir;
    },
    closeBundle: async () => {
      const { code } = await transformWithOxc(readFileSync(SOURCE, 'utf8'), SOURCE);
      const path = join(folder, NAME);
      // Not a module: browsers do not take those for service workers everywhere.
      const call = `keepApp(self, ${JSON.stringify(hashFiles(folder))});`;
      writeFileSync(`${path}.part`, `${code.replace(/^export (?=function)/m, '')}\n${call}\n`);
      renameSync(`${path}.part`, path);
    },
  };
}

/** Path below `folder`, with `/`, and hash of every file that is kept. */
export function hashFiles(folder: string): Record<string, string> {
  const names = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll(sep, '/'),
    )
    .filter((name) => name !== NAME && !LEFT_OUT.test(name))
    .sort();
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('base64url')
      .slice(0, 12);
  return Object.fromEntries(names.map((name) => [name, hash(name)]));
}
