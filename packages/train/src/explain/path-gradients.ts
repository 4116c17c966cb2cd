import { gradients } from '@mememoji/graph/gradient';
import type { Tensor } from '@mememoji/graph/graph';
import { importModel } from '@mememoji/graph/import';
import { lower } from '@mememoji/graph/lowering';
import type { Model } from '@mememoji/graph/model';
import { mul } from '@mememoji/graph/operators/arithmetic';
import { reduceSum } from '@mememoji/graph/operators/reduction';
import type { Session } from '@mememoji/graph/session';
import { float32, type Shape } from '@mememoji/graph/tensor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { IntegratedGradients } from './explanation.ts';
import { floats, TARGET } from './inspection.ts';

/**
 * Integrated gradients (Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, 2017): the score's gradient,
 * averaged over a straight way from a picture that says nothing to this one, times the way. Their sum is the difference of
 * the two scores.
 *
 * The way runs through normalised pictures. Nets that normalise each picture undo almost all of a way through its pixels at
 * once: half of the contrast is back after a hundredth of it, and equal steps would see nothing of that.
 */

const GRADIENT = 'explain:gradient';

/** Where a way through a net starts, and of how many steps it is made. */
export interface PathOptions {
  /** The value of the file that the way runs through, and its shape for one picture, [1, C, H, W]. */
  head: { name: string; tensor: { shape: Shape } };
  /** Equal parts of the way. */
  steps: number;
}

/** The part of a net behind its head, for all points of a way at once; it averages the gradient over them. */
export function buildPathModel(model: Model, { output, labels }: ClassifierSpec, { head, steps }: PathOptions): Model {
  const inputs = [{ name: head.name, dtype: 'float32', shape: ['points', ...head.tensor.shape.slice(1)] } as const];
  const { graph } = importModel({ ...model, graph: { ...model.graph, inputs } }, steps + 2);
  const points = graph.inputs.get(head.name)!;
  const target = graph.input(TARGET, [1, labels.length]);
  const [gradient] = gradients(reduceSum(mul(graph.outputs.get(output.name)!, target)), [points]) as [Tensor];
  const weights = graph.constant(float32([steps + 2, 1, 1, 1], weightsOf(steps)));
  graph.output(GRADIENT, reduceSum(mul(gradient, weights), [0]));
  return lower(graph);
}

/** Where the points lie, 0..1: the two ends, and between them the middle of each step, where the gradients are taken. */
function placesOf(steps: number): number[] {
  return [0, ...Array.from({ length: steps }, (_, i) => (i + 0.5) / steps), 1];
}

/** At the ends only the scores are wanted: a flat picture has no one largest pixel, and so no good gradient of pooling. */
function weightsOf(steps: number): number[] {
  return [0, ...new Array<number>(steps).fill(1 / steps), 0];
}

/**
 * What each pixel adds to the score of the label on the way from one normalised picture to another.
 * @param session of {@link buildPathModel}
 * @param target 1 at the label, else 0
 */
export async function integrateGradients(
  session: Session,
  { input, output }: ClassifierSpec,
  { head, steps }: PathOptions,
  [start, end, target]: readonly [Float32Array, Float32Array, Float32Array],
): Promise<IntegratedGradients> {
  const way = end.map((value, i) => value - start[i]!);
  const places = placesOf(steps);
  const points = new Float32Array(places.length * way.length);
  places.forEach((place, i) => {
    points.set(
      start.map((value, pixel) => value + place * way[pixel]!),
      i * way.length,
    );
  });
  const results = await session.run({
    [head.name]: float32([places.length, ...head.tensor.shape.slice(1)], points),
    [TARGET]: float32([1, target.length], target),
  });
  const data = floats(results, GRADIENT).map((slope, i) => slope * way[i]!);
  const logits = floats(results, output.name);
  const scoreAt = (point: number): number =>
    target.reduce((sum, share, i) => sum + share * logits[point * target.length + i]!, 0);
  const sum = data.reduce((total, value) => total + value, 0);
  return { width: input.width, height: input.height, data, steps, sum, difference: scoreAt(steps + 1) - scoreAt(0) };
}
