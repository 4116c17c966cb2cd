import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { memes } from './build/memes.ts';
import { serviceWorker } from './build/service-worker.ts';

/** With these, browsers isolate the page from other origins, and let WebAssembly have threads. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  // Works below any path of any host.
  base: './',
  plugins: [preact(), memes(), serviceWorker()],
  resolve: {
    conditions: [
      // The packages of this repository from their sources, not yet built.
      'source',
      // onnxruntime-web without its own copy of the .wasm file, whose address the library gives.
      'onnxruntime-web-use-extern-wasm',
      'module',
      'browser',
      mode === 'production' ? 'production' : 'development',
    ],
  },
  worker: { format: 'es' },
  // Vite's pre-bundling would lose the addresses of their own files.
  optimizeDeps: { exclude: ['onnxruntime-web', 'mememoji'] },
  // Emoji of one kilobyte each are files of their own: inlined, they would be in every page's script.
  build: { target: 'es2024', emptyOutDir: true, assetsInlineLimit: 0 },
  server: { host: '127.0.0.1', headers: ISOLATION },
  preview: { host: '127.0.0.1', headers: ISOLATION },
}));
