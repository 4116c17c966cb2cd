import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseModelFile } from '../src/chosen-model.ts';
import { Interrupt } from '../src/context.ts';
import { main } from '../src/main.ts';
import { makeFolder } from './stand-in.ts';

describe('the model in use', () => {
  const models = mkdtempSync(join(tmpdir(), 'mememoji-models-'));
  const env = { MEMEMOJI_MODELS: models };
  let folder: string;
  let model: string;
  beforeAll(() => {
    ({ folder, model } = makeFolder());
  });
  afterAll(() => {
    for (const one of [folder, models]) rmSync(one, { recursive: true });
  });

  /** Runs a command in this process; gives what it prints. */
  async function call(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const context = { stdin: new PassThrough(), stdout, stderr, env, interrupt: new Interrupt() };
    const code = await main(argv, context);
    return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
  }

  it('is the shipped one, until a file is installed and used, and again after a rollback', async () => {
    expect(await chooseModelFile(undefined, { env })).toBeUndefined();
    expect(await call('models', 'use', model)).toEqual({ code: 0, stdout: 'in use: stand-in-1\n', stderr: '' });
    expect(await chooseModelFile(undefined, { env })).toBe(join(models, 'stand-in-1.onnx'));
    expect(await chooseModelFile('stand-in-1', { env })).toBe(join(models, 'stand-in-1.onnx'));
    expect(await chooseModelFile(model, { env })).toBe(model);
    const listed = (await call('models', 'list', '--format', 'ndjson')).stdout.trim().split('\n');
    const used = listed.map((line) => JSON.parse(line)).filter(({ inUse }) => inUse);
    expect(used).toMatchObject([{ name: 'stand-in', version: '1', file: 'stand-in-1.onnx' }]);
    expect(await call('models', 'rollback')).toEqual({ code: 0, stdout: 'in use: shipped\n', stderr: '' });
    expect(await chooseModelFile(undefined, { env })).toBeUndefined();
    expect(await call('models', 'rollback')).toMatchObject({ code: 2, stdout: '' });
    expect(await call('models', 'use', 'stand-in-1')).toMatchObject({ code: 0 });
    expect(await call('models', 'use', 'shipped')).toMatchObject({ code: 0 });
  });

  it('is another that comes with the program, installed once, or the usual one by its own name', async () => {
    const used = { code: 0, stdout: 'in use: mememoji-tiny-1\n', stderr: '' };
    expect(await call('models', 'use', 'mememoji-tiny')).toEqual(used);
    expect(await chooseModelFile(undefined, { env })).toBe(join(models, 'mememoji-tiny-1.onnx'));
    expect(await call('models', 'use', 'mememoji')).toMatchObject({ code: 0, stdout: 'in use: shipped\n' });
    expect(await call('models', 'use', 'mememoji-tiny')).toEqual(used);
    expect(await call('models', 'use', 'shipped')).toMatchObject({ code: 0 });
    expect(await call('models', 'use', 'face-detector')).toMatchObject({ code: 2 });
  });

  it('is no name that is not known', async () => {
    const { code, stdout, stderr } = await call('models', 'use', 'gone');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^mememoji: no model 'gone' is installed\. Use one of .*shipped\n$/);
    await expect(chooseModelFile('gone', { env })).rejects.toMatchObject({ code: 'UNKNOWN_MODEL' });
  });
});
