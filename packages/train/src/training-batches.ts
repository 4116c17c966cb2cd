import type { Values } from '@mememoji/graph/session';
import { float32 } from '@mememoji/graph/tensor';
import type { Batch } from './batch.ts';
import { type Batches, createBatches } from './batches.ts';
import type { Position } from './checkpoint.ts';
import { augmentationAt, type Recipe } from './recipe.ts';
import type { TrainingData } from './training-data.ts';

/** The batches of a recipe from some place on. Each depends on the recipe and its place alone. */
export function createTrainingBatches(
  recipe: Recipe,
  { dataset, training, teacher, voteLabels }: TrainingData,
  { epoch, batch }: Pick<Position, 'epoch' | 'batch'>,
): Batches {
  const { batchSize, inputSize, seed, epochs, lightEpochs, mixup, cutmix, labelSmoothing } = recipe;
  return createBatches(dataset, training, {
    batchSize,
    width: inputSize,
    height: inputSize,
    seed,
    shuffle: true,
    dropLast: true,
    epochs,
    start: { epoch, batch },
    ...(teacher !== undefined && { teacher }),
    ...(voteLabels !== undefined && { voteLabels }),
    recipe: (at) => ({
      augment: augmentationAt(recipe, at),
      labelSmoothing,
      ...(at < epochs - lightEpochs && { ...(mixup && { mixup }), ...(cutmix && { cutmix }) }),
    }),
  });
}

/** A batch under the names of the training graph's inputs. */
export function batchTensors(
  { pixels, targets, votes, voteWeights, teacher, voteLabels, size }: Batch,
  side: number,
): Values {
  return {
    pixels: float32([size, 1, side, side], pixels),
    targets: float32([size, targets.length / size], targets),
    ...(votes && { votes: float32([size, votes.length / size], votes) }),
    ...(voteWeights && { voteWeights: float32([size], voteWeights) }),
    ...(teacher && { teacher: float32([size, teacher.length / size], teacher) }),
    ...(voteLabels && { voteLabels: float32([size, voteLabels.length / size], voteLabels) }),
  };
}
