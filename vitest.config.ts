import { defineConfig } from 'vitest/config';

const conditions = ['source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    testTimeout: 60_000,
    maxWorkers: 2,
    execArgv: ['--conditions=source'],
    reporters: ['default', './scripts/not-tested-reporter.ts', 'json'],
    outputFile: { json: 'node_modules/.cache/tests.json' },
  },
});
