/**
 * Installs the service worker that keeps the app for times without a network. Only in the built app, and only where
 * browsers allow it: by https or on this very machine.
 */
export async function installOffline(base: URL): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('service-worker.js', base), { scope: base.pathname });
  } catch (error) {
    // The app works without, as long as there is a network: a word for whoever hosts it, none for whoever uses it.
    console.warn('this app is not kept for times without a network:', error);
  }
}
