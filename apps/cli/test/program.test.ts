import { readFileSync, rmSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, Interrupt, processContext } from '../src/context.ts';
import { main } from '../src/main.ts';
import { COMMANDS } from '../src/registry.ts';
import { run } from './run.ts';
import { makeFolder } from './stand-in.ts';

/** Runs in this process and gives what was printed. */
async function call(argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context: Context = { ...processContext(), stdout, stderr };
  const texts = Promise.all([text(stdout), text(stderr)]);
  const code = await main(argv, context);
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { code, stdout: out, stderr: err };
}

describe('help', () => {
  it('lists every command with its summary', async () => {
    const { code, stdout } = await call(['--help']);
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS)
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`${name} `.concat(summary));
  });

  it.each(COMMANDS.map(({ name }) => name))('of %s and all below it has an example', async (name) => {
    const entry = COMMANDS.find((one) => one.name === name);
    const command = (await entry!.load()).createCommand(processContext()).name(name);
    const paths = pathsOf(command, []);
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      const { code, stdout } = await call([...path, '--help']);
      expect({ path, code }).toEqual({ path, code: 0 });
      expect(stdout, path.join(' ')).toMatch(/\nExamples?:\n {2}\$ .*mememoji /);
    }
  });

  it('has the same summary in the list and in the command', async () => {
    for (const { load, summary } of COMMANDS) {
      expect((await load()).createCommand(processContext()).description()).toBe(summary);
    }
  });

  it('prints the version', async () => {
    expect(await call(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe('what is loaded', () => {
  let folder: string;
  let model: string;
  const logImports = fileURLToPath(new URL('./log-imports.ts', import.meta.url));
  const modulesOf = async (args: string[]): Promise<string> =>
    (await run(args, { nodeArgs: ['--import', logImports] })).stderr;
  beforeAll(() => {
    ({ folder, model } = makeFolder());
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is no library for a mere help', async () => {
    const modules = await modulesOf(['--help']);
    expect(modules).toContain('/apps/cli/src/program.ts');
    expect(modules).not.toMatch(/\/packages\/|onnxruntime|sharp/);
  });

  it('is no training code for analyze', async () => {
    const modules = await modulesOf(['analyze', 'test/fixtures/astronaut.png', '--model', model]);
    expect(modules).toContain('/packages/mememoji/src/');
    expect(modules).not.toMatch(/\/packages\/(?:train|graph)\//);
  });
});

describe('Interrupt', () => {
  it('tells only who has asked, and once', () => {
    const interrupt = new Interrupt();
    expect(interrupt.raise()).toBe(false);
    const signal = interrupt.signal();
    expect([signal.aborted, interrupt.raised]).toEqual([false, false]);
    expect(interrupt.raise()).toBe(true);
    expect([signal.aborted, interrupt.raised]).toEqual([true, true]);
    expect(interrupt.raise()).toBe(false);
  });
});

describe('docs/cli.md', () => {
  const manual = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

  it.each(COMMANDS.map(({ name }) => name))('tells of %s and its options', async (name) => {
    const entry = COMMANDS.find((one) => one.name === name);
    const command = (await entry!.load()).createCommand(processContext()).name(name);
    for (const { path, flags } of optionsOf(command, [])) {
      const words = `mememoji ${path.join(' ')}`;
      const section = manual.split(/^## /m).find((text) => text.split('\n')[0]!.split(', ').includes(words)) ?? '';
      expect(section, words).toContain(words);
      for (const flag of flags) expect(section, words).toContain(flag);
    }
  });
});

/** The long options of each command that does something. */
function optionsOf(command: Command, above: readonly string[]): { path: string[]; flags: string[] }[] {
  const path = [...above, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((one) => optionsOf(one, path));
  return [{ path, flags: command.options.flatMap(({ long }) => long ?? []) }];
}

/** The words that lead to a command and to each one below it. */
function pathsOf(command: Command, above: readonly string[]): string[][] {
  const path = [...above, command.name()];
  return [path, ...command.commands.filter((one) => one.name() !== 'help').flatMap((one) => pathsOf(one, path))];
}
