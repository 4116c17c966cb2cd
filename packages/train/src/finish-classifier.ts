import type { Range } from '@mememoji/graph/int8';
import type { VariableValues } from '@mememoji/graph/layers';
import type { SessionFactory } from '@mememoji/graph/session';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { measureRanges } from './activation-ranges.ts';
import { encodeInferenceModel } from './inference-model.ts';
import type { Recipe } from './recipe.ts';
import type { RunReport } from './run-report.ts';
import type { TrainingData } from './training-data.ts';
import { calibrate, validate } from './validation.ts';

/** A net with its weights, to be made a model of. */
export interface TrainedClassifier {
  recipe: Recipe;
  /** Its weights by their names. */
  values: VariableValues;
  /** Not calibrated, nor measured. */
  spec: ClassifierSpec;
  /** Of its values in 8 bits, where they are known already; otherwise they are measured on Training. */
  ranges?: ReadonlyMap<string, Range> | undefined;
}

export interface FinishedClassifier {
  /** Bytes of its file, which describes itself. */
  model: Uint8Array;
  /** Of that file on PublicTest. */
  validation: NonNullable<RunReport['validation']>;
}

/**
 * Makes the model file of a trained net: in the arithmetic of its recipe, with the ranges of its values as they are on Training, then
 * measured and calibrated on PublicTest as it is.
 * @throws TrainError `DIVERGED` if it gives no finite numbers
 */
export async function finishClassifier(
  trained: TrainedClassifier,
  data: TrainingData,
  createSession: SessionFactory,
): Promise<FinishedClassifier> {
  const { recipe, values } = trained;
  const { arithmetic } = recipe;
  const ranges =
    arithmetic === 'int8' ? (trained.ranges ?? (await measureRanges(trained, data, createSession))) : undefined;
  const spec = { ...trained.spec, arithmetic };
  const encode = (described: ClassifierSpec) => encodeInferenceModel(recipe, values, described, ranges);
  const { accuracy, loss, logits } = await validate(encode(spec), spec, data, createSession);
  const calibration = calibrate(logits, spec, data);
  const metrics = { 'publicTest.accuracy': accuracy, 'publicTest.nll': loss };
  return { model: encode({ ...spec, ...calibration, metrics }), validation: { accuracy, loss, ...calibration } };
}
