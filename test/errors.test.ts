import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge } from '../apps/cli/src/errors.ts';

const ROOT = join(import.meta.dirname, '..');

/** One error class: where it is declared, and its codes. */
interface ErrorUnion {
  name: string;
  folder: string;
  codes: string[];
}

/** Every `type XErrorCode = 'A' | 'B'` of the sources. */
function readUnions(): ErrorUnion[] {
  return globSync('{packages,apps}/*/src/error{,s}.ts', { cwd: ROOT }).map((file) => {
    const [, name = '', body = ''] =
      /export type (\w+Error)Code =([^;]+);/.exec(readFileSync(join(ROOT, file), 'utf8')) ?? [];
    return {
      name,
      folder: file.split('/').slice(0, 2).join('/'),
      codes: [...body.matchAll(/'(\w+)'/g)].map(([, code]) => code!),
    };
  });
}

/** Rows of docs/errors.md by the heading that they stand under. */
function readDocs(): Map<string, { code: string; exit: number }[]> {
  const sections = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const rows = [...section.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)];
      return [section.split('\n')[0]!, rows.map(([, code, exit]) => ({ code: code!, exit: Number(exit) }))];
    }),
  );
}

const unions = readUnions();
const docs = readDocs();

describe('docs/errors.md', () => {
  it('has a table for each error class, and no other', () => {
    expect(unions.length).toBeGreaterThanOrEqual(5);
    const headings = unions.map(({ name, folder }) => `${name} (\`${folder}\`)`);
    expect([...docs.keys()].sort()).toEqual(headings.sort());
  });

  it.each(unions)('has every code of $name with its exit code, and no other', ({ name, folder, codes }) => {
    expect(codes.length).toBeGreaterThan(0);
    const rows = docs.get(`${name} (\`${folder}\`)`) ?? [];
    expect(rows.map(({ code }) => code).sort()).toEqual([...codes].sort());
    for (const { code, exit } of rows) {
      const error = Object.assign(new Error('message'), { code, hint: undefined });
      expect({ code, exit: judge(error).exitCode }).toEqual({ code, exit });
    }
  });
});

describe('error codes', () => {
  it.each(unions)('of $name are all thrown somewhere', ({ folder, codes }) => {
    const sources = globSync('src/**/*.ts', { cwd: join(ROOT, folder) }).filter(
      (file) => !/^src\/error\.ts$/.test(file),
    );
    const code = sources.map((file) => readFileSync(join(ROOT, folder, file), 'utf8')).join('\n');
    const thrown = code.replace(/export type \w+ErrorCode =[^;]+;|new Set\(\[[^\]]+\]\)/g, '');
    expect(codes.filter((one) => !thrown.includes(`'${one}'`))).toEqual([]);
  });
});
