/**
 * Installs the service worker that keeps the app for times without a network. Only in the built app, and only where
 * browsers allow it: by https or on this very machine.
 */
export async function installOffline(base: URL): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // Without it the app works as long as there is a network.
  await navigator.serviceWorker
    .register(new URL('service-worker.js', base), { scope: base.pathname })
    .catch(() => undefined);
}
