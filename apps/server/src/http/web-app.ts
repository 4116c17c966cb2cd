import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { notFound } from './errors.ts';

/** Where `npm run build` of apps/web leaves the page, seen from this file. */
const BUILT = fileURLToPath(new URL('../../../web/dist/', import.meta.url));

/** Shown where the web app is not built. */
const PLAIN_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Mememoji</title>
<h1>Mememoji</h1>
<p>The API is here; <a href="docs">docs</a> shows it. The web app is not built: run
<code>npm run build -w @mememoji/web</code> and start the server again.</p>
</html>
`;

/** Serves the built web app on `/`, or a page that says how to build it. Paths that are no file are pages of the app. */
export async function installWebApp(app: FastifyInstance, folder: string = BUILT): Promise<void> {
  const isBuilt = existsSync(join(folder, 'index.html'));
  if (isBuilt) await app.register(fastifyStatic, { root: resolve(folder), setHeaders: setCaching, dotfiles: 'ignore' });
  else app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.type('text/html').send(PLAIN_PAGE));
  app.setNotFoundHandler((request, reply) => {
    const wantsPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
    if (isBuilt && wantsPage && /^\/(?!v1)[^.]*$/.test(request.url)) return reply.sendFile('index.html');
    return notFound(request);
  });
}

/** Names of files in `assets/` change with their content; the others may change under theirs. */
function setCaching(reply: { header: (name: string, value: string) => unknown }, path: string): void {
  const isHashed = /[\\/]assets[\\/]/.test(path);
  reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}
