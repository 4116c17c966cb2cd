import { defineConfig } from 'vite';

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  base: './',
  resolve: {
    conditions: [
      // The packages of this repository from their sources, not yet built.
      'source',
      // onnxruntime-web without its own copy of the .wasm file, whose address the page gives.
      'onnxruntime-web-use-extern-wasm',
      'module',
      'browser',
      mode === 'production' ? 'production' : 'development',
    ],
  },
  // Vite's pre-bundling would lose the address of onnxruntime-web's own files.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  build: { target: 'es2024', emptyOutDir: true },
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
}));
