/**
 * `models` is a link to the repository's folder, so that sources and built files find the networks at one place; npm packs
 * no links. Before packing, real files take its place, after it the link comes back.
 * Run by npm: node scripts/pack-models.ts pack | unpack
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(import.meta.dirname, '..');
const SOURCE = '../../models';
const folder = join(PACKAGE, 'models');

rmSync(folder, { recursive: true, force: true });
if (process.argv[2] === 'pack') {
  mkdirSync(folder);
  const files = readdirSync(join(PACKAGE, SOURCE)).filter((name) => name.endsWith('.onnx'));
  for (const file of [...files, 'LICENSE-APACHE-2.0.txt'])
    copyFileSync(join(PACKAGE, SOURCE, file), join(folder, file));
} else {
  symlinkSync(SOURCE, folder, 'dir');
}
