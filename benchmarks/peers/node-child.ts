/**
 * Measures one library in a process of its own and prints JSON: times, or with `--recall` the boxes in each photo.
 * Started by benchmarks/peers.ts.
 */
import { parseArgs } from 'node:util';
import type { Box } from '@mememoji/vision/result';
import { decodeImage } from 'mememoji/decode';
import sharp from 'sharp';
import { measureSide } from './measure.ts';
import { createSide } from './node-sides.ts';
import { type Pixels, SIDES, type Side } from './side.ts';

const { values: args, positionals: photos } = parseArgs({
  allowPositionals: true,
  options: {
    side: { type: 'string', default: '' },
    folder: { type: 'string', default: '' },
    runs: { type: 'string', default: '20' },
    clock: { type: 'string', default: 'wall' },
    recall: { type: 'boolean', default: false },
  },
});

/** RGB of exactly 640x480: the whole photo, with black beside it. */
async function loadScreen(path: string): Promise<Pixels> {
  const photo = sharp(path).resize(640, 480, { fit: 'contain', background: 'black' });
  return { width: 640, height: 480, data: await photo.removeAlpha().raw().toBuffer() };
}

async function findAll(side: Side<Pixels>): Promise<Box[][]> {
  const found: Box[][] = [];
  for (const path of photos) {
    const { width, height, channels, data } = await decodeImage(path, 100e6);
    if (channels !== 3) throw new Error(`${path} has ${channels} channels`);
    found.push(await side.analyze({ width, height, data: new Uint8Array(data) }));
  }
  return found;
}

/** Milliseconds of the processor, in all threads of this process: on a busy machine what the wall clock says is of no use. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const name = SIDES.find((one) => one === args.side);
if (name === undefined) throw new Error(`--side is one of ${SIDES.join(', ')}`);
// The peers greet on standard output, which belongs to the answer.
for (const method of ['log', 'info', 'warn'] as const) console[method] = () => undefined;
const side = await createSide(name, args.folder);
const clock = args.clock === 'cpu' ? processorTime : () => performance.now();
const answer = args.recall
  ? await findAll(side)
  : await measureSide(side, await loadScreen(photos[0] ?? ''), Number(args.runs), clock);
process.stdout.write(`${JSON.stringify(answer)}\n`);
await side.close();
