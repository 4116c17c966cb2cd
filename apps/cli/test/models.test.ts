import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderModels } from '../src/commands/models.ts';
import { findModel, listModels } from '../src/shipped-models.ts';
import { run } from './run.ts';
import { makeFolder } from './stand-in.ts';

describe('models', () => {
  let folder: string;
  let model: string;
  beforeAll(() => {
    ({ folder, model } = makeFolder());
    writeFileSync(join(folder, 'notes.txt'), 'no model, and not taken for one');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('tell what they are', async () => {
    const [found, ...others] = await listModels(folder);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ file: model, name: 'stand-in', version: '0.0.1' });
    expect(found?.classifier?.input).toEqual({ name: 'face', width: 48, height: 48, range: [0, 1] });
  });

  it('are listed as a table, CSV and JSON', async () => {
    const models = (await listModels(folder)).map((one) => ({ ...one, bytes: 1234, inUse: true }));
    expect(renderModels(models, 'table').join('')).toBe(
      'name      version  kind         classes  input  accuracy  bytes  file           in use\n' +
        'stand-in  0.0.1    expressions        7  48x48  0.2500     1234  stand-in.onnx  yes\n',
    );
    expect(renderModels(models, 'csv').join('')).toBe(
      'name,version,kind,classes,input,accuracy,bytes,file,in use\n' +
        'stand-in,0.0.1,expressions,7,48x48,0.2500,1234,stand-in.onnx,yes\n',
    );
    expect(JSON.parse(renderModels(models, 'json').join(''))).toMatchObject([
      { file: 'stand-in.onnx', name: 'stand-in', bytes: 1234, inUse: true, spec: { uncertainBelow: 0.32 } },
    ]);
    expect(JSON.parse(renderModels(models, 'ndjson').join(''))).toMatchObject({ name: 'stand-in' });
  });

  it('are found by name and by file', async () => {
    expect(await findModel('stand-in', folder)).toBe(model);
    expect(await findModel(model, folder)).toBe(model);
    await expect(findModel('other', folder)).rejects.toMatchObject({
      code: 'UNKNOWN_MODEL',
      hint: "use 'stand-in', or the path of an .onnx file",
    });
  });

  it('that tell nothing are told of by name', async () => {
    const { folder: other, model: broken } = makeFolder();
    writeFileSync(broken, '');
    await expect(listModels(other)).rejects.toMatchObject({
      code: 'BAD_METADATA',
      message: "'stand-in.onnx' does not tell what it is",
    });
    rmSync(other, { recursive: true });
  });

  it('of the program include the face detector', async () => {
    const { code, stdout } = await run(['models', 'list', '--format', 'ndjson']);
    expect(code).toBe(0);
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name);
    expect(names).toContain('face-detector');
  });
});
