/**
 * Makes a run's folder of a shipped classifier with its recipe's `logitAdjustment` or `arithmetic` changed, for publish-classifier.ts: the same
 * weights with other logits added or computed otherwise, calibrated anew on PublicTest. It is what resuming the finished run with that recipe
 * gives, for when the run's own folder is gone. The recipe is examples/recipes/NAME.json, and must be the model's in all else.
 *
 *     node --conditions=source models/adjust-classifier.ts --name mememoji --data fer2013.csv.gz --run runs/adjusted
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { float32 } from '@mememoji/graph/tensor';
import { openClassifier } from '@mememoji/train/classifier-session';
import type { Dataset } from '@mememoji/train/dataset';
import { createEngine } from '@mememoji/train/engine';
import { writeWhole } from '@mememoji/train/files';
import { type FinishedClassifier, finishClassifier } from '@mememoji/train/finish-classifier';
import { readStartingWeights } from '@mememoji/train/model-variables';
import { openDataset } from '@mememoji/train/open-dataset';
import { parseRecipe, type Recipe, readRecipe, trainedBy } from '@mememoji/train/recipe';
import { openRunFolder, writeJson } from '@mememoji/train/run-folder';
import { selectTrainingData } from '@mememoji/train/training-data';
import { CLASSIFIER_BIAS } from '@mememoji/train/training-graph';
import type { ModelRecord } from './publish-classifier.ts';

const folder = import.meta.dirname;

/**
 * The classifier in a file finished by a recipe that trains the same weights.
 * @param dataset with the FER+ votes that the recipe asks for
 */
export async function adjustClassifier(path: string, recipe: Recipe, dataset: Dataset): Promise<FinishedClassifier> {
  const classifier = await openClassifier(path);
  await classifier.close();
  const before = parseRecipe(JSON.parse(classifier.spec.training.recipe));
  if (!isDeepStrictEqual(trainedBy(before), trainedBy(recipe))) {
    throw new Error('the recipe differs from that of the model in more than logitAdjustment and arithmetic');
  }
  const { values, ranges } = await readStartingWeights(path);
  const bias = values.get(CLASSIFIER_BIAS)!;
  const added = classifier.spec.labels.map(
    (label) => (recipe.logitAdjustment[label] ?? 0) - (before.logitAdjustment[label] ?? 0),
  );
  const adjusted = Float32Array.from(added, (value, i) => Number(bias.data[i]) + value);
  const weights = new Map([...values, [CLASSIFIER_BIAS, float32(bias.shape, adjusted)]]);
  const spec = {
    ...classifier.spec,
    temperature: 1,
    uncertainBelow: 0,
    training: { ...classifier.spec.training, recipe: JSON.stringify(recipe) },
  };
  const data = selectTrainingData(dataset, recipe);
  return finishClassifier({ recipe, values: weights, spec, ranges }, data, createEngine({ threads: 2 }));
}

async function main(): Promise<void> {
  const options = { name: { type: 'string' }, data: { type: 'string' }, run: { type: 'string' } } as const;
  const { name, data, run } = parseArgs({ options }).values;
  if (name === undefined || data === undefined || run === undefined)
    throw new Error('--name, --data and --run are needed');
  const recipe = await readRecipe(join(folder, `../examples/recipes/${name}.json`));
  const record = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as ModelRecord;
  const { model, validation } = await adjustClassifier(join(folder, `${name}.onnx`), recipe, await openDataset(data));
  const made = await openRunFolder(run);
  await writeWhole(made.model, [model]);
  await writeWhole(made.metrics, [await readFile(join(folder, `${name}.metrics.csv`))]);
  await writeJson(made.config, recipe);
  await writeJson(made.report, { ...(record.run as object), validation });
  console.log(
    `${run}: ${(100 * validation.accuracy).toFixed(2)}% of PublicTest, temperature ${validation.temperature.toFixed(3)}`,
  );
}

if (import.meta.main) await main();
