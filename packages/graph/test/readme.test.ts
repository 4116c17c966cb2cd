import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noGradient, noSecondGradient, type Operator } from '../src/graph.ts';
import { OPERATORS } from '../src/operators/table.ts';

const FOLDER = join(import.meta.dirname, '..');
const TEXT = readFileSync(join(FOLDER, 'README.md'), 'utf8');

describe('the README', () => {
  test('has an example that learns', () => {
    const [, example = ''] = /## An example[\s\S]*?```ts\n([\s\S]*?)```/.exec(TEXT) ?? [];
    const args = ['--conditions=source', '--input-type=module-typescript', '--eval', example];
    const output = execFileSync(process.execPath, args, { cwd: FOLDER, encoding: 'utf8', timeout: 50_000 });
    const losses = [...output.matchAll(/^step \d+, loss (\S+)$/gm)].map(([, loss]) => Number(loss));
    expect(losses.length).toBe(5);
    expect(losses.at(-1)).toBeLessThan(0.1);
  });

  test('has every operator in its table, with the state of its gradient', () => {
    const [, table = ''] = /^## Operators$([\s\S]*?)^###/m.exec(TEXT) ?? [];
    const rows = [...table.matchAll(/^\| (`[^|]+) \|[^|]*\| (\S+)[^|]*\|$/gm)];
    const told = rows.flatMap(([, names, gradient]) =>
      [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => [name!, gradient!.replace(',', '')] as const),
    );
    const known = Object.entries<Operator<never>>(OPERATORS).map(([name, { gradient }]) => {
      const state = gradient === noGradient ? 'none' : gradient === noSecondGradient ? 'in' : 'yes';
      return [name, state] as const;
    });
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
    expect(told.length).toBe(known.length);
  });

  test('names files and links that are there', () => {
    const links = [...TEXT.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target!);
    const local = links.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !existsSync(join(FOLDER, target)))).toEqual([]);
    const files = [...TEXT.matchAll(/`((?:[\w-]+\/)*[\w-]+\.ts)`/g)].map(([, file]) => file!);
    const somewhere = (file: string) => [FOLDER, join(FOLDER, 'src')].some((folder) => existsSync(join(folder, file)));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !somewhere(file))).toEqual([]);
  });

  test('tells the defaults that the code has', () => {
    const source = readFileSync(join(FOLDER, 'src/optimizer.ts'), 'utf8');
    const defaults = ['momentum = 0.9', 'nesterov = true', 'beta1 = 0.9', 'beta2 = 0.999', 'weightDecay = 0.01'];
    for (const each of defaults) {
      const [name, value] = each.split(' = ') as [string, string];
      expect(source).toContain(each);
      expect(TEXT).toContain(`\`${name}\` ${value}`);
    }
  });
});
