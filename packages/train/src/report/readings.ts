import type { Predictions } from '@mememoji/vision/metrics/predictions';
import type { Classifier } from '../classifier-session.ts';
import type { Dataset, Split } from '../dataset.ts';
import {
  type Evaluation,
  evaluateLogits,
  meanProbabilities,
  modelTargets,
  type PredictOptions,
  predictWindows,
} from '../evaluate.ts';
import { VIEWS, type View, type ViewWindow, viewWindows } from '../views.ts';

/** What a model says of a split in one view. */
export interface Reading {
  evaluation: Evaluation;
  /** Probabilities without the model's temperature, and with it. */
  raw: Predictions;
  calibrated: Predictions;
}

export interface ReadOptions extends Pick<PredictOptions, 'crop' | 'onProgress'> {
  split: Split;
  /** Of the bootstrap. */
  seed: number;
}

/**
 * Shows every view of the rows of a split to a model; what several views have in common is shown once.
 * @throws TrainError `BAD_CLASSES`, `BAD_OPTION`, `BAD_MODEL`
 */
export async function readViews(
  classifier: Classifier,
  dataset: Dataset,
  rows: Uint32Array,
  { split, seed, crop, onProgress }: ReadOptions,
): Promise<Record<View, Reading>> {
  const { labels, temperature } = classifier.spec;
  const targets = modelTargets(dataset, rows, labels);
  const windows = distinctWindows(classifier, dataset, crop);
  const shown = await predictWindows(classifier, dataset, rows, [...windows.values()], {
    ...(onProgress && { onProgress }),
  });
  const logits = new Map(Array.from(windows.keys(), (key, i) => [key, shown[i]!]));
  return byView((view) => {
    const own = viewWindows(view, dataset, classifier.spec.input, crop).map((window) => logits.get(keyOf(window))!);
    const evaluation = evaluateLogits(classifier.spec, dataset, rows, own, { split, view, seed });
    const [raw, calibrated] = [1, temperature].map((t) => meanProbabilities(own, labels.length, t));
    const rest = { targets, classes: labels.length };
    return { evaluation, raw: { scores: raw!, ...rest }, calibrated: { scores: calibrated!, ...rest } };
  });
}

/** How many inputs of the net {@link readViews} takes for each face. */
export function viewsInputs(classifier: Pick<Classifier, 'spec'>, dataset: Dataset, crop?: number): number {
  return distinctWindows(classifier, dataset, crop).size;
}

function distinctWindows({ spec }: Pick<Classifier, 'spec'>, dataset: Dataset, crop?: number): Map<string, ViewWindow> {
  const all = VIEWS.flatMap((view) => viewWindows(view, dataset, spec.input, crop));
  return new Map(all.map((window) => [keyOf(window), window]));
}

function keyOf({ toPicture: { a, b, tx, ty }, mirror }: ViewWindow): string {
  return [a, b, tx, ty, mirror].join();
}

/** A record with an entry for each view. */
export function byView<T>(make: (view: View) => T): Record<View, T> {
  return { single: make('single'), flip: make('flip'), tencrop: make('tencrop') };
}
