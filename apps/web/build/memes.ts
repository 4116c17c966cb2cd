import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const FOLDER = join(import.meta.dirname, '../../../packages/mememoji/memes');

/** Lays the artwork of the memes into `memes/`, and serves it from there while the app is written. */
export function memes(): Plugin {
  return {
    name: 'mememoji-memes',
    configureServer: (server) => {
      server.middlewares.use('/memes', (request, response, next) => {
        const name = /^\/([a-z-]+\.png)/.exec(request.url ?? '')?.[1];
        if (name === undefined) return next();
        response.setHeader('content-type', 'image/png');
        response.end(readFileSync(join(FOLDER, name)));
      });
    },
    generateBundle() {
      for (const name of globSync('*.png', { cwd: FOLDER })) {
        this.emitFile({ type: 'asset', fileName: `memes/${name}`, source: readFileSync(join(FOLDER, name)) });
      }
    },
  };
}
