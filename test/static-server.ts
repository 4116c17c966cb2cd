import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

/** With these, a page may use threads. */
export const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export interface StaticServer {
  /** With a slash at its end. */
  url: string;
  /** Paths that were asked for. */
  requests: string[];
  close(): Promise<void>;
}

/** Serves the files of folders on this machine only, the first folder that has a file; says 404 to all else. */
export async function serveFolders(
  folders: readonly string[],
  headers: Record<string, string> = {},
): Promise<StaticServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url!);
    answer(folders, headers, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${address.port}/`, requests, close };
}

function answer(
  folders: readonly string[],
  headers: Record<string, string>,
  { url, headers: asked }: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname } = new URL(url!, 'http://localhost');
  const name = normalize(decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
  const path = folders.map((folder) => join(folder, name)).find((one) => statSync(one, { throwIfNoEntry: false }));
  if (path === undefined) {
    response.writeHead(404, headers).end();
    return;
  }
  const { size, mtimeMs } = statSync(path);
  const etag = `"${size}-${mtimeMs}"`;
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const all = { ...headers, etag, 'content-type': type, 'cache-control': 'no-cache' };
  if (asked['if-none-match'] === etag) response.writeHead(304, all).end();
  else createReadStream(path).pipe(response.writeHead(200, { ...all, 'content-length': size }));
}
