import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { basename } from 'node:path';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { reliabilityBins } from '@mememoji/vision/metrics/calibration';
import { env } from 'onnxruntime-node';
import { type Classifier, openClassifier } from '../classifier-session.ts';
import type { Dataset, Split } from '../dataset.ts';
import type { Device } from '../device.ts';
import { testRowsWithoutTrainingCopy } from '../duplicates.ts';
import { netInputs, rowsToEvaluate } from '../evaluate.ts';
import { VIEWS, type View, viewWindows } from '../views.ts';
import { countOperations } from './complexity.ts';
import { chooseExamples, chooseMistakes, drawPictures, faceReadings, type Pictures } from './faces.ts';
import { LATENCY_BATCHES, type Latency, measureLatency } from './latency.ts';
import { byView, readViews } from './readings.ts';
import type { Environment, FaceReading, Report, ReportedData, ReportedModel } from './report.ts';
import { accuracyRows, classShares, coverageOf, rankRows } from './tallies.ts';
import { findTrainingRun } from './training-run.ts';

export interface ReportOptions {
  split: Split;
  /** Whose predictions are shown in detail; default `single`. */
  view?: View;
  /** See `viewWindows`. */
  crop?: number;
  /** For the accuracy; latency is always that of one thread of the processor. Default 1. */
  threads?: number;
  /** Likewise; default `cpu`. */
  device?: Device;
  /** Of the bootstrap and of the choice of examples; default 1. */
  seed?: number;
  /** Folder of the training; by default the model file's own, if it is one. */
  run?: string;
  /** Told how many of all net inputs are done. */
  onProgress?: (done: number, total: number) => void;
}

/** A report, and what is too bulky for its JSON. */
export interface MeasuredReport {
  report: Report;
  /** All faces of the split. */
  faces: FaceReading[];
  /** Of the faces that the report shows. */
  pictures: Pictures;
}

/**
 * Measures everything about a model file on a split. The pictures in the result are those of the data set, so where it may
 * not be published, neither may they.
 * @throws TrainError `FILE_NOT_FOUND`, `BAD_MODEL`, `EMPTY_SELECTION`, `BAD_CLASSES`, `BAD_OPTION`; VisionError
 * `BAD_METADATA`
 */
export async function createReport(file: string, dataset: Dataset, options: ReportOptions): Promise<MeasuredReport> {
  const { split, device = 'cpu', threads = 1, run } = options;
  const environment = describeEnvironment();
  const classifier = await openClassifier(file, { device, threads });
  try {
    const training = await findTrainingRun(file, classifier.spec, run);
    const rows = rowsToEvaluate(dataset, split);
    const model = await describeModel(file, classifier.spec);
    const latency = await latencyOfFile(file, dataset, rows, options.crop);
    const measured = await measureSplit(classifier, dataset, rows, options);
    const created = new Date().toISOString();
    const report: Report = { format: 1, created, model, ...measured.report, latency, training, environment };
    return { ...measured, report };
  } finally {
    await classifier.close();
  }
}

/** The part that depends on what the model says of the faces. */
async function measureSplit(classifier: Classifier, dataset: Dataset, rows: Uint32Array, options: ReportOptions) {
  const { split, view = 'single', crop, seed = 1, onProgress } = options;
  const { labels, uncertainBelow } = classifier.spec;
  const readings = await readViews(classifier, dataset, rows, {
    split,
    seed,
    ...(crop && { crop }),
    ...(onProgress && { onProgress }),
  });
  const { raw, calibrated } = readings[view];
  const isDuplicate = duplicates(dataset, rows, split);
  const faces = faceReadings(dataset, rows, calibrated, labels, uncertainBelow, isDuplicate);
  const examples = chooseExamples(faces, labels, seed);
  const mistakes = chooseMistakes(faces);
  const report = {
    data: describeData(dataset, split, rows, isDuplicate),
    view,
    evaluations: byView((one) => readings[one].evaluation),
    accuracy: VIEWS.flatMap((one) => accuracyRows(one, readings[one].calibrated, labels, isDuplicate, seed)),
    ranks: rankRows(calibrated, labels),
    reliability: { before: reliabilityBins(raw), after: reliabilityBins(calibrated) },
    coverage: coverageOf(calibrated, uncertainBelow),
    distribution: classShares(dataset, calibrated, labels),
    examples,
    mistakes,
  };
  return { report, faces, pictures: await drawPictures(dataset, [...examples, ...mistakes]) };
}

/** For each row whether its picture stands in Training; undefined for Training itself. */
function duplicates(dataset: Dataset, rows: Uint32Array, split: Split): boolean[] | undefined {
  if (split === 'Training') return undefined;
  const clean = new Set(testRowsWithoutTrainingCopy(dataset, split));
  return Array.from(rows, (row) => !clean.has(row));
}

function describeData(dataset: Dataset, split: Split, rows: Uint32Array, isDuplicate?: boolean[]): ReportedData {
  const samplesWithoutDuplicates = isDuplicate?.filter((one) => !one).length ?? null;
  return { ...dataset.source, split, samples: rows.length, samplesWithoutDuplicates };
}

async function describeModel(file: string, spec: ClassifierSpec): Promise<ReportedModel> {
  const bytes = await readFile(file);
  const { name, version, labels, input, normalisation, temperature, uncertainBelow, training } = spec;
  const { dataHash: trainingDataHash, ...origin } = training;
  return {
    name,
    version,
    file: basename(file),
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    ...(await countOperations(bytes)),
    labels: [...labels],
    input: [input.width, input.height],
    normalisation,
    temperature,
    uncertainBelow,
    ...origin,
    trainingDataHash,
  };
}

/** Time for faces of the split, in a session of its own with one thread. */
async function latencyOfFile(file: string, dataset: Dataset, rows: Uint32Array, crop?: number): Promise<Latency[]> {
  const classifier = await openClassifier(file, { threads: 1 });
  try {
    const results: Latency[] = [];
    for (const options of LATENCY_BATCHES) {
      const inputs = latencyInputs(classifier, dataset, rows, options.batch, crop);
      results.push(...(await measureLatency([classifier], [inputs], options)));
    }
    return results;
  } finally {
    await classifier.close();
  }
}

/** The first faces of the rows as the model's input, the same again where there are too few. */
export function latencyInputs(
  { spec }: Pick<Classifier, 'spec'>,
  dataset: Dataset,
  rows: Uint32Array,
  batch: number,
  crop?: number,
): Float32Array {
  const chosen = Uint32Array.from({ length: batch }, (_, i) => rows[i % rows.length]!);
  const [window] = viewWindows('single', dataset, spec.input, crop);
  return netInputs(spec, dataset, chosen, window!);
}

/** The machine and what runs on it. */
export function describeEnvironment(): Environment {
  return {
    node: process.versions.node,
    onnxruntime: env.versions.node ?? env.versions.common,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    load: loadavg()[0] ?? 0,
  };
}
