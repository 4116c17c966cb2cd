import type { Tensor } from '@mememoji/graph/graph';
import { importOnto } from '@mememoji/graph/import';
import type { Model } from '@mememoji/graph/model';
import { add, scale } from '@mememoji/graph/operators/arithmetic';
import { softmax } from '@mememoji/graph/operators/loss';
import { matMul } from '@mememoji/graph/operators/matmul';
import { concat, slice, split } from '@mememoji/graph/operators/shape';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { TrainError } from './error.ts';
import type { View } from './views.ts';

/** A teacher as a part of the training step. */
export interface TeacherNet {
  model: Model;
  spec: ClassifierSpec;
  /** For each of its labels the number of that label in the data. */
  columns: readonly number[];
}

/**
 * What teachers say of the very pixels that the student sees in this step, augmented and mixed (Beyer et al., Knowledge
 * distillation: a good teacher is patient and consistent, 2022).
 * @param pixels [B, 1, s, s], grey 0..255
 * @returns [B, C] the mean of their probabilities, softened by the temperature, in the order of the data's labels
 */
export function askTeachers(
  pixels: Tensor,
  teachers: readonly TeacherNet[],
  { temperature, view }: { temperature: number; view: View },
): Tensor {
  const shown = view === 'flip' ? [pixels, mirrored(pixels)] : [pixels];
  const batch = concat(shown as [Tensor, ...Tensor[]], 0);
  const answers = teachers.map(({ model, spec, columns }) => {
    const values = importOnto(batch.graph, model, new Map([[spec.input.name, batch]]));
    const probabilities = softmax(scale(values.get(spec.output.name)!, 1 / temperature));
    const share = 1 / (teachers.length * shown.length);
    return matMul(probabilities, batch.graph.constant(columnMatrix(columns, share)));
  });
  return split(
    answers.reduce(add),
    0,
    shown.map(({ shape }) => shape[0]!),
  ).reduce(add);
}

function mirrored(pixels: Tensor): Tensor {
  return slice(pixels, [{ axis: 3, start: pixels.shape[3]! - 1, end: -1, step: -1 }]);
}

/** @throws TrainError `BAD_RECIPE` if a teacher cannot read the pictures of a step */
export function checkReads({ spec }: TeacherNet, inputSize: number): void {
  const { width, height, range } = spec.input;
  if (width === inputSize && height === inputSize && range[0] === 0 && range[1] === 255) return;
  throw new TrainError(
    'BAD_RECIPE',
    `distillation.consistent: the teacher ${spec.name} reads pictures of ${width}x${height}, a step has ${inputSize}x${inputSize}`,
    'choose a teacher of the same input, or ask it before: "consistent": false',
  );
}

/** [C, C] that brings columns into the data's order and multiplies them by `share`. */
function columnMatrix(columns: readonly number[], share: number): TensorData {
  const matrix = new Float32Array(columns.length ** 2);
  for (const [from, to] of columns.entries()) matrix[from * columns.length + to] = share;
  return float32([columns.length, columns.length], matrix);
}
