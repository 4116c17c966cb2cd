import { defineConfig } from 'vitest/config';

// Not 'import': it would also hold for packages that load their parts with require, and give them the wrong ones.
const conditions = ['source', 'node', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    execArgv: ['--conditions=source'],
    reporters: ['default', './scripts/not-tested-reporter.ts', 'json'],
    outputFile: { json: 'node_modules/.cache/tests.json' },
  },
});
