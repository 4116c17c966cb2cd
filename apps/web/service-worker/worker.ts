/** Path of each file below the app's folder, and a hash of its content. */
export type Files = Readonly<Record<string, string>>;

/** Where the library `mememoji` keeps the models that it has loaded. */
const LIBRARY_CACHE = 'mememoji';

/**
 * Keeps the whole app for times without a network. A file is fetched anew only when its content has changed. The build
 * writes this function and its call into a file of their own, so it must need nothing from outside but the functions of this file.
 */
export function keepApp(worker: ServiceWorkerGlobalScope, files: Files): void {
  const app: App = { scope: worker.registration.scope, files };
  worker.addEventListener('install', (event) => event.waitUntil(keepAll(app)));
  worker.addEventListener('activate', (event) => event.waitUntil(forgetOld(app).then(() => worker.clients.claim())));
  worker.addEventListener('fetch', (event) => {
    const path = pathOf(app, event.request);
    if (path !== undefined) event.respondWith(answer(app, event.request, path));
  });
}

interface App {
  /** Address of the app's folder, with its slash. */
  scope: string;
  files: Files;
}

/** Caches belong to the whole origin, on which other copies of the app may lie. */
function openCache({ scope }: App): Promise<Cache> {
  return caches.open(`mememoji app ${scope}`);
}

/** Files are kept under their path and hash, so that old and new can lie side by side until the old app is closed. */
function keptAddress({ scope, files }: App, path: string): string {
  return new URL(`${path}?kept=${files[path]}`, scope).href;
}

/** The new app takes over when the old one is closed: until then, that one may still ask for its own files. */
async function keepAll(app: App): Promise<void> {
  const cache = await openCache(app);
  for (const path of Object.keys(app.files)) await keep(app, cache, path);
}

async function keep(app: App, cache: Cache, path: string): Promise<void> {
  const kept = (await cache.match(keptAddress(app, path))) ?? (await matchLibrary(app, path));
  if (kept) return;
  // Asks the server whether the browser's own copy is still right, and takes that one if it is.
  const response = await fetch(new URL(path, app.scope), { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${path} cannot be fetched (${response.status})`);
  await cache.put(keptAddress(app, path), response);
}

/** The models, which the library keeps itself: their names hold a hash of their content, so that one copy is enough. */
async function matchLibrary({ scope }: App, path: string): Promise<Response | undefined> {
  if (!path.startsWith('assets/')) return undefined;
  return caches.match(new URL(path, scope), { cacheName: LIBRARY_CACHE });
}

async function forgetOld(app: App): Promise<void> {
  const wanted = Object.keys(app.files).flatMap((path) => [keptAddress(app, path), new URL(path, app.scope).href]);
  const known = [await openCache(app), await caches.open(LIBRARY_CACHE)];
  for (const cache of known) await forget(app, cache, new Set(wanted));
}

/** Deletes what lies below this app's folder and is no longer of use. */
async function forget({ scope }: App, cache: Cache, wanted: ReadonlySet<string>): Promise<void> {
  const old = (await cache.keys()).filter(({ url }) => url.startsWith(scope) && !wanted.has(url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

/** The file that a request is for, or undefined if it is none of the app's. */
function pathOf({ scope, files }: App, { method, url, mode }: Request): string | undefined {
  if (method !== 'GET' || !url.startsWith(scope)) return undefined;
  const path = url.slice(scope.length).replace(/[?#].*$/, '');
  if (mode === 'navigate' && path === '') return 'index.html';
  return Object.hasOwn(files, path) ? path : undefined;
}

/** What was kept; while it is not, what the network says. */
async function answer(app: App, request: Request, path: string): Promise<Response> {
  const kept = await (await openCache(app)).match(keptAddress(app, path));
  return kept ?? (await matchLibrary(app, path)) ?? fetch(request);
}
