/**
 * Writes `src/onnx_pb.ts` from `proto/onnx.proto` (onnx 1.12.0: IR version 8, operator set 17).
 * Run it with `node packages/graph/scripts/generate-onnx.ts` after changing the .proto file, and commit the result.
 */
import { execFileSync } from 'node:child_process';
import { delimiter, resolve } from 'node:path';

const packageFolder = resolve(import.meta.dirname, '..');
const tools = resolve(packageFolder, '../../node_modules/.bin');
const env = { ...process.env, PATH: `${tools}${delimiter}${process.env.PATH ?? ''}` };

execFileSync('buf', ['generate', 'proto', '--template', 'proto/buf.gen.yaml'], {
  cwd: packageFolder,
  env,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
