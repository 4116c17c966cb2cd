import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadNetworks } from '../src/networks.ts';
import { createSession } from '../src/node-session.ts';

const MODELS = join(import.meta.dirname, '../../../models');

it('says of each network what it computes in, so that one in 8 bits is put on the processor', async () => {
  const [detector, model] = await Promise.all(
    ['face-detector.onnx', 'mememoji-tiny.onnx'].map((name) => readFile(join(MODELS, name))),
  );
  const asked: [number, string][] = [];
  const networks = await loadNetworks(detector!, model!, (bytes, arithmetic) => {
    asked.push([bytes.length, arithmetic]);
    return createSession(bytes, 1);
  });
  await Promise.all([networks.detector.release(), networks.classifier.release()]);
  expect(networks.spec.arithmetic).toBe('int8');
  expect(asked).toEqual([
    [model!.length, 'int8'],
    [detector!.length, 'float32'],
  ]);
});
