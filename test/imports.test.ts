import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkImports, importsOf } from '../scripts/check-imports.ts';

describe('importsOf', () => {
  it('finds every form of import, and none in strings and comments', () => {
    const code = `
      import type { A } from 'a/sub';
      import 'b';
      export * from './c.ts';
      export { d } from "@scope/d";
      const e = await import('e');
      const computed = await import(String(e));
      // import 'f';
      export const text = "import 'g'";
    `;
    const found = importsOf('x.ts', code).map((one) => one.specifier);
    expect(found.sort()).toEqual(['./c.ts', '@scope/d', 'a/sub', 'b', 'e']);
  });
});

describe('checkImports', () => {
  let root: string;
  const write = (file: string, content: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  };
  const manifest = (folder: string, name: string, dependencies: string[]): void =>
    write(
      `${folder}/package.json`,
      JSON.stringify({ name, dependencies: Object.fromEntries(dependencies.map((one) => [one, '1.0.0'])) }),
    );
  const faultsOf = (file: string, code: string): string[] => {
    write(file, code);
    const faults = checkImports(root);
    rmSync(join(root, file));
    return faults;
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'imports-'));
    write('package.json', JSON.stringify({ devDependencies: { vitest: '1.0.0' } }));
    manifest('packages/vision', '@mememoji/vision', ['left-pad']);
    manifest('packages/graph', '@mememoji/graph', ['@bufbuild/protobuf', '@mememoji/vision']);
    manifest('packages/train', '@mememoji/train', ['@mememoji/graph', '@mememoji/vision', 'mememoji', 'sharp']);
    manifest('packages/mememoji', 'mememoji', ['@mememoji/vision', '@mememoji/train', '@mememoji/graph']);
    manifest('apps/server', '@mememoji/server', []);
    manifest('apps/web', '@mememoji/web', [
      '@mememoji/train',
      '@mememoji/graph',
      'mememoji',
      '@mememoji/server',
      'preact',
    ]);
    manifest('apps/cli', '@mememoji/cli', ['@mememoji/train', 'mememoji', '@mememoji/graph']);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each([
    ['packages/train/src/a.ts', "import { x } from '@mememoji/graph/tensor'; import { y } from './b.ts';"],
    ['packages/train/src/a.ts', "import sharp from 'sharp'; import { readFile } from 'node:fs/promises';"],
    ['packages/graph/src/a.ts', "import { create } from '@bufbuild/protobuf';"],
    ['packages/vision/test/a.test.ts', "import { it } from 'vitest'; import { readFile } from 'node:fs';"],
    ['packages/vision/test/a.test.ts', "import { x } from '@mememoji/vision/image'; import { y } from '../src/y.ts';"],
    ['apps/cli/src/a.ts', "const x = await import('@mememoji/train/data');"],
    ['apps/web/src/a.tsx', "import { x } from '@mememoji/graph/x'; import { render } from 'preact'; const a = <p />;"],
    ['apps/cli/test/a.test.ts', "import { encodeModel } from '@mememoji/graph/codec';"],
  ])('accepts %s: %s', (file, code) => {
    expect(faultsOf(file, code)).toEqual([]);
  });

  it.each([
    ['packages/train/src/a.ts', "import { z } from 'zod';", "'zod' is not declared in packages/train/package.json"],
    [
      'packages/train/src/a.ts',
      "import { it } from 'vitest';",
      "'vitest' is not declared in packages/train/package.json",
    ],
    ['packages/train/src/a.ts', "export * from 'mememoji/node';", "@mememoji/train must not know 'mememoji'"],
    [
      'packages/mememoji/src/a.ts',
      "import type { A } from '@mememoji/train/a';",
      "mememoji must not know '@mememoji/train'",
    ],
    [
      'packages/mememoji/src/a.ts',
      "const x = import('@mememoji/graph/a');",
      "mememoji must not know '@mememoji/graph'",
    ],
    [
      'packages/graph/src/a.ts',
      "import { x } from '@mememoji/vision/a';",
      "@mememoji/graph must not know '@mememoji/vision'",
    ],
    [
      'packages/graph/src/a.ts',
      "import { cpus } from 'node:os';",
      "'node:os' belongs to Node, and @mememoji/graph runs without it",
    ],
    [
      'packages/vision/src/a.ts',
      "import { join } from 'path';",
      "'path' belongs to Node, and @mememoji/vision runs without it",
    ],
    ['packages/vision/src/a.ts', "import pad from 'left-pad';", "@mememoji/vision must not need 'left-pad'"],
    [
      'packages/vision/src/a.ts',
      "import { x } from '@mememoji/vision/b';",
      "imports its own package '@mememoji/vision' by name",
    ],
    [
      'packages/train/src/a.ts',
      "import { x } from '../../graph/src/x.ts';",
      "'../../graph/src/x.ts' leads out of packages/train",
    ],
    [
      'apps/web/src/a.ts',
      "import { readFile } from 'node:fs';",
      "'node:fs' belongs to Node, and @mememoji/web runs without it",
    ],
    ['apps/web/src/a.ts', "import { x } from '@mememoji/server/x';", "@mememoji/web must not know '@mememoji/server'"],
    ['apps/cli/src/a.ts', "import { x } from '@mememoji/graph/x';", "@mememoji/cli must not know '@mememoji/graph'"],
  ])('catches %s: %s', (file, code, fault) => {
    expect(faultsOf(file, code)).toEqual([`${file}: ${fault}`]);
  });
});
