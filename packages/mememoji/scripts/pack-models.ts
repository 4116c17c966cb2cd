/**
 * `models` is a link to the repository's folder, so that sources and built files find the networks at one place; npm packs
 * no links. Before packing, real files take its place, after it the link comes back.
 * Run by npm: node scripts/pack-models.ts pack | unpack
 */
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(import.meta.dirname, '..');
const SOURCE = '../../models';
const FILES = ['face-detector.onnx', 'mememoji.onnx', 'LICENSE-APACHE-2.0.txt'];
const folder = join(PACKAGE, 'models');

rmSync(folder, { recursive: true, force: true });
if (process.argv[2] === 'pack') {
  mkdirSync(folder);
  for (const file of FILES) copyFileSync(join(PACKAGE, SOURCE, file), join(folder, file));
} else {
  symlinkSync(SOURCE, folder, 'dir');
}
