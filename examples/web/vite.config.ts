import { defineConfig } from 'vite';

/** With these, browsers let WebAssembly have threads. The server that you publish on should send them, too. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  base: './',
  resolve: {
    conditions: [
      // Only in this repository: its packages from their sources. Leave this line out in your project.
      'source',
      // onnxruntime-web without a second copy of its own script.
      'onnxruntime-web-use-extern-wasm',
      'module',
      'browser',
      mode === 'production' ? 'production' : 'development',
    ],
  },
  // Vite's pre-bundling would lose the addresses of the worker, the networks and the runtime.
  optimizeDeps: { exclude: ['mememoji', 'onnxruntime-web'] },
  build: { target: 'es2024', emptyOutDir: true },
  server: { host: '127.0.0.1', headers },
  preview: { host: '127.0.0.1', headers },
}));
