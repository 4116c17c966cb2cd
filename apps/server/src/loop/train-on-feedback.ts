import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openClassifier } from '@mememoji/train/classifier-session';
import { type Dataset, splitIndices } from '@mememoji/train/dataset';
import { writeWhole } from '@mememoji/train/files';
import { describeAnew } from '@mememoji/train/model-edit';
import { writeJson } from '@mememoji/train/run-folder';
import { mergeClasses } from '@mememoji/train/select';
import { ServerError } from '../error.ts';
import type { CorrectionData, LeftOut } from './correction-data.ts';
import { type FineTuneOptions, fineTune } from './fine-tune.ts';
import { judge, type Measured, type Verdict } from './gate.ts';
import { installModel } from './model-folder.ts';

export interface FeedbackTrainOptions extends FineTuneOptions {
  /** File of the model in use. */
  model: string;
  /** Folder of the installed models. */
  models: string;
  /** Only measure and write the new model into the run's folder. */
  dryRun?: boolean;
}

/** What came of it. */
export interface FeedbackReport {
  status: 'installed' | 'refused' | 'dry run' | 'interrupted';
  /** Name of the new model if it was installed. */
  model: string | null;
  /** Its file, in the folder of the run. */
  file: string | null;
  /** Corrections that were learned from, and that were only measured on. */
  learned: number;
  heldOut: number;
  leftOut: LeftOut;
  /** Why the new model was refused. */
  reasons: string[];
  onHeldOut: Measured | null;
  onBase: Measured | null;
}

/** Fewer corrections than these teach and prove nothing. */
const LEAST_LEARNED = 8;
const LEAST_HELD_OUT = 5;

/** Models that were trained on corrections are called by this name and a number. */
export const FEEDBACK_MODEL = 'mememoji-feedback';

/**
 * Trains the model in use further on corrections, compares the two on what was held out and on base data, and installs the new
 * one if it is not worse. The folder of the run keeps the new model and `feedback.json`, the report, in any case.
 * @throws ServerError `TOO_FEW_CORRECTIONS`; TrainError as `train`
 */
export async function trainOnFeedback(
  { dataset, leftOut }: CorrectionData,
  options: FeedbackTrainOptions,
): Promise<FeedbackReport> {
  const counts = countRows(dataset);
  checkEnough(counts, leftOut);
  const base = options.base === undefined ? undefined : withClasses(options.base, dataset.labels);
  await mkdir(options.folder, { recursive: true });
  const report: FeedbackReport = {
    status: 'interrupted',
    model: null,
    file: null,
    ...counts,
    leftOut,
    reasons: [],
    onHeldOut: null,
    onBase: null,
  };
  const trained = await fineTune(options.model, dataset, { ...options, base });
  if (trained === undefined) return report;
  const verdict = await compare(options.model, trained, dataset, base);
  const file = join(options.folder, 'new-model.onnx');
  const bytes = describeAnew(trained, (spec) => ({ ...spec, name: FEEDBACK_MODEL, metrics: metricsOf(verdict) }));
  await writeWhole(file, [bytes]);
  const installs = verdict.install && options.dryRun !== true;
  const installed = installs ? await installModel(options.models, bytes, FEEDBACK_MODEL) : undefined;
  const status = installs ? 'installed' : verdict.install ? 'dry run' : 'refused';
  const { reasons, heldOut: onHeldOut, base: onBase } = verdict;
  const ended: FeedbackReport = { ...report, status, model: installed?.name ?? null, file, reasons, onHeldOut, onBase };
  await writeJson(join(options.folder, 'feedback.json'), ended);
  return ended;
}

function countRows(dataset: Dataset): { learned: number; heldOut: number } {
  const count = (split: 'Training' | 'PublicTest') => splitIndices(dataset, split).length;
  return { learned: count('Training'), heldOut: count('PublicTest') };
}

function checkEnough({ learned, heldOut }: { learned: number; heldOut: number }, leftOut: LeftOut): void {
  if (learned >= LEAST_LEARNED && heldOut >= LEAST_HELD_OUT) return;
  const missing = leftOut.withoutPicture === 0 ? '' : `; ${leftOut.withoutPicture} more have no picture`;
  throw new ServerError(
    'TOO_FEW_CORRECTIONS',
    `there are ${learned} corrections to learn from and ${heldOut} to measure on${missing}`,
    `at least ${LEAST_LEARNED} and ${LEAST_HELD_OUT} are needed; faces can be used whose sender let the image be kept`,
  );
}

/** Base data with a class that the model lacks, disgust, count it as angry. */
function withClasses(base: Dataset, labels: Dataset['labels']): Dataset {
  const merges = base.labels.includes('disgust') && !labels.includes('disgust');
  return merges ? mergeClasses(base, { disgust: 'angry' }) : base;
}

async function compare(model: string, trained: Uint8Array, corrections: Dataset, base?: Dataset): Promise<Verdict> {
  const old = await openClassifier(model);
  try {
    const next = await openClassifier(trained);
    return await judge(old, next, { corrections, base }).finally(() => next.close());
  } finally {
    await old.close();
  }
}

/** What the model's file tells of itself in place of the published numbers of the model that it came from. */
function metricsOf({ heldOut, base }: Verdict): Record<string, number> {
  const published = base === null ? {} : { 'publicTest.accuracy': base.new };
  return { 'heldOutCorrections.accuracy': heldOut.new, ...published };
}
