import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  resolve: { conditions: ['source', 'onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'] },
  build: { target: 'es2024', emptyOutDir: true },
});
