import { readFile } from 'node:fs/promises';
import { mergeClasses } from '@mememoji/vision/metrics/predictions';
import { type Classifier, openClassifier } from './classifier-session.ts';
import type { Dataset, Split } from './dataset.ts';
import {
  meanProbabilities,
  modelTargets,
  type PredictOptions,
  predictLogits,
  rowsToEvaluate,
  sixClasses,
} from './evaluate.ts';
import { countOperations, type Operations } from './report/complexity.ts';
import { latencyInputs } from './report/create-report.ts';
import { LATENCY_BATCHES, type Latency, measureLatency } from './report/latency.ts';
import { type Answers, compareAnswers, type ModelScores, type PairedResult, scoreAnswers } from './report/paired.ts';
import { mergeClasses as mergeLabels } from './select.ts';
import type { View } from './views.ts';

export interface CompareOptions extends Pick<PredictOptions, 'view' | 'crop' | 'onProgress'> {
  split: Split;
  /** Count disgust as angry, in the data and in both models; so models of seven and of six classes can be compared. */
  six?: boolean;
  /** For the accuracy; latency is always that of one thread. Default 1. */
  threads?: number;
  /** Of the bootstrap; default 1. */
  seed?: number;
}

/** Two models on the same faces. Shares are 0..1; differences are the second less the first. */
export interface Comparison extends PairedResult {
  split: Split;
  view: View;
  samples: number;
  /** SHA-256 (hex) of the data set's unpacked content. */
  dataHash: string;
  models: [ComparedModel, ComparedModel];
}

/** One of the two by itself; `accuracyInterval` is a 95% bootstrap interval. */
export interface ComparedModel extends Operations, ModelScores {
  /** Name and version. */
  model: string;
  file: string;
  bytes: number;
  latency: Latency[];
}

/**
 * Measures two model files on the same faces.
 * @throws TrainError `FILE_NOT_FOUND`, `BAD_MODEL`, `EMPTY_SELECTION`, `BAD_CLASSES` (also by `six` of data without angry),
 * `BAD_OPTION`; VisionError `BAD_METADATA`
 */
export async function compareModels(
  files: readonly [string, string],
  dataset: Dataset,
  options: CompareOptions,
): Promise<Comparison> {
  const { split, view = 'single', six = false, threads = 1, seed = 1 } = options;
  const rows = rowsToEvaluate(dataset, split);
  const data = six ? withoutDisgust(dataset) : dataset;
  const answers = await withClassifiers(files, threads, (pair) => answersOfBoth(pair, data, rows, options));
  const latency = await withClassifiers(files, 1, (pair) => latencyOfBoth(pair, dataset, rows, options.crop));
  const describe = async (i: 0 | 1): Promise<ComparedModel> => {
    return {
      model: answers[i].model,
      ...(await describeFile(files[i])),
      ...scoreAnswers(answers[i], seed),
      latency: latency[i],
    };
  };
  return {
    split,
    view,
    samples: rows.length,
    dataHash: dataset.source.sha256,
    models: [await describe(0), await describe(1)],
    ...compareAnswers(answers[0], answers[1], seed),
  };
}

async function withClassifiers<T>(
  files: readonly [string, string],
  threads: number,
  work: (pair: [Classifier, Classifier]) => Promise<T>,
): Promise<T> {
  const first = await openClassifier(files[0], { threads });
  try {
    const second = await openClassifier(files[1], { threads });
    return await work([first, second]).finally(() => second.close());
  } finally {
    await first.close();
  }
}

interface NamedAnswers extends Answers {
  model: string;
}

/** Both in turn, so that neither has the quieter moment. */
async function latencyOfBoth(
  pair: readonly [Classifier, Classifier],
  dataset: Dataset,
  rows: Uint32Array,
  crop: number | undefined,
): Promise<[Latency[], Latency[]]> {
  const results: [Latency[], Latency[]] = [[], []];
  for (const options of LATENCY_BATCHES) {
    const inputs = pair.map((classifier) => latencyInputs(classifier, dataset, rows, options.batch, crop));
    const both = await measureLatency(pair, inputs, options);
    both.forEach((latency, i) => {
      results[i]?.push(latency);
    });
  }
  return results;
}

function withoutDisgust(dataset: Dataset): Dataset {
  return dataset.labels.includes('disgust') ? mergeLabels(dataset, { disgust: 'angry' }) : dataset;
}

async function answersOfBoth(
  [first, second]: readonly [Classifier, Classifier],
  dataset: Dataset,
  rows: Uint32Array,
  options: CompareOptions,
): Promise<[NamedAnswers, NamedAnswers]> {
  const halves = (half: 0 | 1): CompareOptions => ({
    ...options,
    onProgress: (done, total) => options.onProgress?.(done + half * total, 2 * total),
  });
  for (const { spec } of [first, second]) modelTargets(dataset, rows, spec.labels);
  return [await answersOf(first, dataset, rows, halves(0)), await answersOf(second, dataset, rows, halves(1))];
}

async function answersOf(
  classifier: Classifier,
  dataset: Dataset,
  rows: Uint32Array,
  options: CompareOptions,
): Promise<NamedAnswers> {
  const { labels, temperature, name, version } = classifier.spec;
  const model = `${name} ${version}`;
  const { view, crop, onProgress, six } = options;
  const logits = await predictLogits(classifier, dataset, rows, {
    ...(view && { view }),
    ...(crop && { crop }),
    ...(onProgress && { onProgress }),
  });
  const predictions = {
    scores: meanProbabilities(logits, labels.length, temperature),
    targets: modelTargets(dataset, rows, labels),
    classes: labels.length,
  };
  if (!six) return { model, labels, predictions };
  const { names, groups } = sixClasses(labels);
  return { model, labels: names, predictions: mergeClasses(predictions, groups) };
}

async function describeFile(file: string): Promise<Operations & { file: string; bytes: number }> {
  const bytes = await readFile(file);
  return { file, bytes: bytes.length, ...(await countOperations(bytes)) };
}
