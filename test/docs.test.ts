import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const DOCS = globSync('{*.md,docs/**/*.md,models/**/*.md}', { cwd: ROOT });

describe('documentation', () => {
  it('is found', () => expect(DOCS).toEqual(expect.arrayContaining(['README.md', 'docs/cli.md', 'docs/errors.md'])));

  it.each(DOCS)('%s has no link that leads nowhere', (file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !existsSync(join(ROOT, dirname(file), target)))).toEqual([]);
  });

  it('has every package of the project in the README of how to contribute', () => {
    const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    for (const folder of globSync('{packages,apps}/*', { cwd: ROOT })) expect(text).toContain(folder);
  });
});

describe('README', () => {
  const [, command = ''] =
    /^ {4}npm ci && (npx mememoji .*)$/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];

  it('begins with a command that finds a face', () => {
    const [npx, mememoji, ...args] = command.split(' ');
    expect([npx, mememoji]).toEqual(['npx', 'mememoji']);
    const bin = join(ROOT, 'apps/cli/bin/mememoji.js');
    const text = execFileSync(process.execPath, ['--conditions=source', bin, ...args], { cwd: ROOT, encoding: 'utf8' });
    expect(text).toMatch(/astronaut\.png {2}512 x 512, 1 face\n/);
    expect(text).toMatch(/face 0: .*happy/);
  });
});
