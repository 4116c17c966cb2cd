/** What a page carries of the entry: how much, and nothing that belongs to Node. */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Bytes of the page's script and of both workers, compressed, without onnxruntime-web. */
const BUDGET = 30_000;

const PAGE = join(import.meta.dirname, 'page');
const folder = mkdtempSync(join(tmpdir(), 'mememoji-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Builds the page, or another script in its place; the workers are separate builds, seen by the plugin alone. */
async function buildPage(entry: string, outDir: string, seen: string[]): Promise<void> {
  const spy = {
    name: 'modules',
    moduleParsed: ({ id }: Rolldown.ModuleInfo) => {
      seen.push(id);
    },
  };
  await build({
    configFile: join(PAGE, 'vite.config.ts'),
    logLevel: 'error',
    plugins: [spy],
    worker: {
      plugins: () => [spy],
      rolldownOptions: { external: /^onnxruntime-web/, output: { globals: () => 'ort' } },
    },
    build: { outDir, copyPublicDir: false, rolldownOptions: { input: entry } },
  });
}

describe('the web entry in a bundle', { timeout: 300_000 }, () => {
  const modules: string[] = [];
  let scripts: { name: string; bytes: Buffer }[];

  beforeAll(async () => {
    await buildPage(join(PAGE, 'page.ts'), folder, modules);
    const names = globSync('assets/*.js', { cwd: folder });
    scripts = names.map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  }, 300_000);

  it('is one script and two workers', () => {
    expect(scripts.map(({ name }) => name.replace(/^assets\/|-[\w-]{8}\.js$/g, '')).sort()).toEqual([
      'page',
      'worker-wasm',
      'worker-webgpu',
    ]);
  });

  it(`has at most ${BUDGET} bytes compressed, a page with both workers`, () => {
    const sizes = scripts.map(({ name, bytes }) => ({ name, size: gzipSync(bytes).length }));
    const total = sizes.reduce((sum, { size }) => sum + size, 0);
    expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(BUDGET);
    // Something must be in it, or the measure is wrong.
    for (const { size } of sizes) expect(size).toBeGreaterThan(2000);
  });

  it('has nothing of Node, and of other packages only onnxruntime-web', () => {
    expect(modules.some((id) => id.endsWith('web/web-analyzer.ts'))).toBe(true);
    expect(modules.some((id) => id.endsWith('src/analyzer.ts'))).toBe(true);
    expect(modules.filter((id) => /node:|sharp|onnxruntime-node|__vite-browser-external|heic/.test(id))).toEqual([]);
    expect(modules.filter((id) => id.includes('node_modules') && !id.includes('onnxruntime-web'))).toEqual([]);
  });

  it('leaves nothing of itself in a page that does not use it', async () => {
    const outDir = join(folder, 'unused');
    await buildPage(join(PAGE, 'unused.ts'), outDir, []);
    const [script] = globSync('assets/*.js', { cwd: outDir });
    expect(readFileSync(join(outDir, script!), 'utf8').length).toBeLessThan(200);
  });
});
