/**
 * How many points classifiers lose where a face is lit from one side, which FER2013's pictures hardly are. Prints accuracy on PublicTest by the
 * depth of the light (see `shade`), from left, right, top and bottom, single view.
 *
 *     node --conditions=source benchmarks/side-light.ts --data ../shared/data/fer2013/fer2013.csv.gz models/mememoji.onnx OTHER.onnx
 */
import { basename, dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { shade } from '@mememoji/train/augment-effects';
import { type Classifier, openClassifier } from '@mememoji/train/classifier-session';
import { type Dataset, imageAt } from '@mememoji/train/dataset';
import { predictLogits, rowsToEvaluate } from '@mememoji/train/evaluate';
import { openDataset } from '@mememoji/train/open-dataset';
import { accuracy } from '@mememoji/vision/metrics/confusion';

const DEPTHS = [0.5, 0.8, 0.95];
/** Where the light comes from, radians from the right towards the bottom. */
const SIDES = { right: 0, bottom: Math.PI / 2, left: Math.PI, top: -Math.PI / 2 } as const;

/** The same pictures in other light. */
function lit(dataset: Dataset, rows: Uint32Array, depth: number, angle: number): Dataset {
  const { width, height } = dataset;
  const pixels = Uint8Array.from(dataset.pixels);
  for (const row of rows) {
    const data = Float32Array.from(imageAt(dataset, row));
    shade({ data, offset: 0, width, height }, depth, angle);
    pixels.set(data, row * data.length); // cut to whole grey values, as a camera does
  }
  return { ...dataset, pixels };
}

async function accuracyOf(classifier: Classifier, dataset: Dataset, rows: Uint32Array): Promise<number> {
  const [scores] = await predictLogits(classifier, dataset, rows);
  const targets = Uint8Array.from(rows, (row) => dataset.targets[row]!);
  return accuracy({ scores: scores!, targets, classes: dataset.labels.length });
}

const { values: args, positionals: files } = parseArgs({
  options: { data: { type: 'string', default: '../shared/data/fer2013/fer2013.csv.gz' } },
  allowPositionals: true,
});
if (files.length === 0) throw new Error('name one model file or more');
const dataset = await openDataset(args.data, { votes: false });
const rows = rowsToEvaluate(dataset, 'PublicTest');
const classifiers = await Promise.all(files.map((file) => openClassifier(file, { threads: 2 })));
const print = (first: string, cells: readonly string[]): void =>
  console.log([first.padEnd(18), ...cells.map((cell) => cell.padStart(24))].join(''));
print(
  '',
  files.map((file) => (basename(file) === 'model.onnx' ? basename(dirname(file)) : basename(file, '.onnx'))),
);
const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;
const measure = (data: Dataset): Promise<number[]> =>
  Promise.all(classifiers.map((one) => accuracyOf(one, data, rows)));
print('even', (await measure(dataset)).map(percent));
for (const depth of DEPTHS) {
  for (const [side, angle] of Object.entries(SIDES)) {
    print(`${depth} from ${side}`, (await measure(lit(dataset, rows, depth, angle))).map(percent));
  }
}
await Promise.all(classifiers.map((classifier) => classifier.close()));
