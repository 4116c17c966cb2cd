import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.svg': 'image/svg+xml',
};

export interface HostOptions {
  /** Folder of the built app. */
  folder: string;
  /** Path below which the app lies, with slashes; files elsewhere are not there. */
  path?: string;
  /** Whether it sends what makes the page cross-origin isolated. */
  isolated?: boolean;
  /** Answers before the files do, if it returns true. */
  answer?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface Host {
  /** Address of the app, with its slash. */
  url: string;
  close(): Promise<void>;
}

/** A host of files like any other, on a free port of this machine. */
export async function startHost(options: HostOptions): Promise<Host> {
  const server = createServer((request, response) => {
    respond(options, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${options.path ?? '/'}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(options: HostOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (options.isolated) {
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
  }
  if (await options.answer?.(request, response)) return;
  const { pathname } = new URL(request.url ?? '/', 'http://host');
  const start = options.path ?? '/';
  if (!pathname.startsWith(start)) return void response.writeHead(404).end();
  await sendFile(options.folder, decodeURIComponent(pathname.slice(start.length)) || 'index.html', response);
}

async function sendFile(folder: string, name: string, response: ServerResponse): Promise<void> {
  const path = normalize(join(folder, name));
  const content = path.startsWith(normalize(folder + sep)) ? await readFile(path).catch(() => undefined) : undefined;
  if (content === undefined) return void response.writeHead(404).end();
  response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
  response.setHeader('etag', `"${name}-${content.length}"`);
  response.setHeader('cache-control', 'no-cache');
  response.end(content);
}
