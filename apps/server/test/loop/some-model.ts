import { readFileSync } from 'node:fs';
import { describeAnew } from '@mememoji/train/model-edit';

const SHIPPED = readFileSync(new URL('../../../../models/mememoji.onnx', import.meta.url));

/** The shipped model under another name, version 1. */
export function someModel(name = 'some'): Uint8Array {
  return describeAnew(SHIPPED, (spec) => ({ ...spec, name, version: '1' }));
}
