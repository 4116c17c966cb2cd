import type { VariableValues } from '@mememoji/graph/layers';
import type { Session } from '@mememoji/graph/session';
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
  const sums = new Map(names.map((name) => [name, new Float64Array(weights.get(name)!.data.length)]));
  for (const pixels of batches) {
    const results = await session.run({ ...Object.fromEntries(weights), pixels });
    for (const [name, sum] of sums) addTo(sum, results[nextName(name)]!);
  }
  return new Map(
    [...sums].map(([name, sum]) => [
      name,
      float32(
        weights.get(name)!.shape,
        Float32Array.from(sum, (value) => value / batches.length),
      ),
    ]),
  );
}

function addTo(sum: Float64Array, { data }: TensorData): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += Number(data[i]);
}
