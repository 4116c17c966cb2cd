import { STATISTICS_MOMENTUM, type VariableValues } from '@mememoji/graph/layers';
import type { Session, Values } from '@mememoji/graph/session';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import { nextName } from '@mememoji/graph/training-step';

/**
 * Statistics of the batch normalisations for given weights, as the mean over some batches. A moving average of weights has none
 * of its own: those that training kept belong to other weights (Izmailov et al., Averaging weights, 2018).
 * @param session of the statistics graph
 * @param batches pixels of training batches
 */
export async function estimateStatistics(
  session: Session,
  names: readonly string[],
  weights: VariableValues,
  batches: readonly TensorData[],
): Promise<Map<string, TensorData>> {
  const zeros = Object.fromEntries(
    names.map((name) => [name, float32(weights.get(name)!.shape, new Float32Array(weights.get(name)!.data.length))]),
  );
  const sums = new Map(names.map((name) => [name, new Float64Array(zeros[name]!.data.length)]));
  const fixed: Values = { ...Object.fromEntries(weights), ...zeros };
  for (const pixels of batches) {
    const results = await session.run({ ...fixed, pixels });
    for (const [name, sum] of sums) addTo(sum, results[nextName(name)]!);
  }
  // Running statistics start at zero here, so each result is the batch's own times the momentum.
  const factor = 1 / (STATISTICS_MOMENTUM * batches.length);
  return new Map(
    [...sums].map(([name, sum]) => [
      name,
      float32(
        zeros[name]!.shape,
        Float32Array.from(sum, (value) => value * factor),
      ),
    ]),
  );
}

function addTo(sum: Float64Array, { data }: TensorData): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += Number(data[i]);
}
