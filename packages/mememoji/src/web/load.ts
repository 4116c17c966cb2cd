import { MememojiError } from '../error.ts';

/** Name of the cache in which the files are kept for times without a network. */
const CACHE = 'mememoji';

export interface LoadOptions {
  signal?: AbortSignal | undefined;
  /** Told in bytes, of all files together; `total` grows where a server does not tell the size of a file. */
  onProgress?: ((loaded: number, total: number) => void) | undefined;
}

/**
 * Loads files at once. Each comes from the network as the browser's own cache allows; without a network, as it was when
 * it was loaded last.
 * @param sources addresses, or what is there already.
 * @returns the contents in the order of the sources, copies of what was there.
 * @throws MememojiError `MODEL_NOT_FOUND`; the signal's reason.
 */
export async function loadFiles(
  sources: readonly (string | Uint8Array)[],
  options: LoadOptions,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const responses = await Promise.all(sources.map((source) => request(source, options.signal)));
  const sizes = responses.map((response) => ({
    loaded: 0,
    total: Number(response.headers.get('content-length') ?? 0),
  }));
  return Promise.all(
    responses.map((response, i) =>
      readBody(response, (loaded, ended) => {
        sizes[i] = { loaded, total: ended ? loaded : Math.max(loaded, sizes[i]!.total) };
        const sum = (value: (size: { loaded: number; total: number }) => number) =>
          sizes.reduce((all, size) => all + value(size), 0);
        options.onProgress?.(
          sum((size) => size.loaded),
          sum((size) => size.total),
        );
      }),
    ),
  );
}

async function request(source: string | Uint8Array, signal: AbortSignal | undefined): Promise<Response> {
  if (typeof source !== 'string') return new Response(new Uint8Array(source));
  const url = new URL(source, location.href).href;
  const cache = await openCache();
  const kept = await cache?.match(url);
  const response = await fetch(url, { signal: signal ?? null }).catch(() => undefined);
  signal?.throwIfAborted();
  if (response === undefined || !isFile(response)) {
    if (kept !== undefined) return kept;
    const reason = response === undefined ? 'no answer' : `status ${response.status}`;
    throw notFound(url, reason);
  }
  if (cache !== undefined && !isSame(response, kept)) keep(cache, url, response.clone());
  return response;
}

/** A page instead of a file is what servers of single-page apps say where there is nothing. */
function isFile(response: Response): boolean {
  return response.ok && !response.headers.get('content-type')?.startsWith('text/html');
}

/** Browsers offer no cache to pages that come neither by https nor from this machine; sandboxed ones must not use it. */
async function openCache(): Promise<Cache | undefined> {
  return typeof caches === 'undefined' ? undefined : caches.open(CACHE).catch(() => undefined);
}

function isSame(response: Response, kept: Response | undefined): boolean {
  return ['etag', 'last-modified'].some((name) => {
    const tag = response.headers.get(name);
    return tag !== null && tag === kept?.headers.get(name);
  });
}

/** In the background: nothing waits for the disk, and a full one is no reason to fail. */
function keep(cache: Cache, url: string, response: Response): void {
  cache.put(url, response).catch(() => undefined);
}

async function readBody(
  response: Response,
  onBytes: (loaded: number, ended: boolean) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  const reader = response.body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    loaded += part.value.length;
    onBytes(loaded, false);
  }
  onBytes(loaded, true);
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function notFound(url: string, reason: string): MememojiError {
  return new MememojiError(
    'MODEL_NOT_FOUND',
    `${url} cannot be loaded (${reason})`,
    'put the files that docs/web.md lists into the folder of baseUrl',
  );
}
