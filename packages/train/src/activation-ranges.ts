import { encodeModel } from '@mememoji/graph/codec';
import type { Range } from '@mememoji/graph/int8';
import { valuesToMeasure } from '@mememoji/graph/quantise';
import type { SessionFactory } from '@mememoji/graph/session';
import { float32 } from '@mememoji/graph/tensor';
import { netInputs } from './evaluate.ts';
import type { TrainedClassifier } from './finish-classifier.ts';
import { buildInferenceModel } from './inference-model.ts';
import type { TrainingData } from './training-data.ts';
import { viewWindows } from './views.ts';

/** Pictures of Training that are looked at. */
const PICTURES = 512;
const BATCH = 32;
/**
 * Share of the numbers of a batch that may lie outside at either end: the few that are far out would make the steps between all others
 * coarser.
 */
const OUTSIDE = 1e-5;
const BINS = 4096;

/**
 * The ranges that the values of a net take on over pictures of Training, which is what it needs to compute in 8 bits: the mean over batches
 * of where nearly all of their numbers lie.
 */
export async function measureRanges(
  { recipe, values, spec }: TrainedClassifier,
  { dataset, training }: TrainingData,
  createSession: SessionFactory,
): Promise<Map<string, Range>> {
  const model = buildInferenceModel(recipe, values, spec);
  const names = valuesToMeasure(model);
  const outputs = names.map((name) => ({ name, dtype: 'float32' as const, shape: ['batch', 'c', 'h', 'w'] }));
  const session = await createSession(encodeModel({ ...model, graph: { ...model.graph, outputs } }));
  const count = Math.min(PICTURES, training.length);
  const rows = Uint32Array.from({ length: count }, (_, i) => training[Math.floor((i * training.length) / count)]!);
  const window = viewWindows('single', dataset, spec.input)[0]!;
  const seen: Range[][] = names.map(() => []);
  try {
    for (let start = 0; start < count; start += BATCH) {
      const batch = rows.subarray(start, start + BATCH);
      const pixels = netInputs(spec, dataset, batch, window);
      const { width, height, name } = spec.input;
      const results = await session.run({ [name]: float32([batch.length, 1, height, width], pixels) });
      for (const [i, value] of names.entries()) seen[i]!.push(innerRange(results[value]!.data as Float32Array));
    }
  } finally {
    await session.close();
  }
  return new Map(names.map((name, i) => [name, meanRange(seen[i]!)]));
}

/** Where all but a small share of some numbers lie, to within a step of {@link BINS}. */
function innerRange(numbers: Float32Array): Range {
  let [low, high] = [0, 0];
  for (const value of numbers) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const width = (high - low) / BINS;
  if (width === 0) return { low, high };
  const bins = new Uint32Array(BINS);
  for (const value of numbers) bins[Math.min(BINS - 1, Math.floor((value - low) / width))]! += 1;
  const most = OUTSIDE * numbers.length;
  return { low: low + width * emptyBins(bins, most), high: high - width * emptyBins(bins.toReversed(), most) };
}

/** Bins at the beginning that hold no more than some numbers. */
function emptyBins(bins: Uint32Array, most: number): number {
  let held = 0;
  return bins.findIndex((count) => {
    held += count;
    return held > most;
  });
}

function meanRange(ranges: readonly Range[]): Range {
  const mean = (of: (range: Range) => number) => ranges.reduce((total, each) => total + of(each), 0) / ranges.length;
  return { low: mean(({ low }) => low), high: mean(({ high }) => high) };
}
