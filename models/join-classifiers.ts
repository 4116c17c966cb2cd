/**
 * Makes a run's folder of several trained classifiers joined into one: their features side by side, the mean of their logits,
 * calibrated anew on PublicTest. Nothing is trained. The recipe's model names their nets in the order of the files (docs/training.md).
 *
 *     node --conditions=source models/join-classifiers.ts --recipe both.json --data fer2013.csv.gz --run runs/both \
 *       models/mememoji.onnx runs/other/model.onnx
 */
import { parseArgs } from 'node:util';
import { openClassifier } from '@mememoji/train/classifier-session';
import { createEngine } from '@mememoji/train/engine';
import { writeWhole } from '@mememoji/train/files';
import { encodeInferenceModel } from '@mememoji/train/inference-model';
import { joinClassifiers, type Member } from '@mememoji/train/join-classifiers';
import { readStartingWeights } from '@mememoji/train/model-variables';
import { openDataset } from '@mememoji/train/open-dataset';
import { readRecipe } from '@mememoji/train/recipe';
import { openRunFolder, writeJson } from '@mememoji/train/run-folder';
import { selectTrainingData } from '@mememoji/train/training-data';
import { countParameters } from '@mememoji/train/training-graph';
import { calibrate, validate } from '@mememoji/train/validation';

/** A classifier's file as a part of a joint one. */
export async function readMember(path: string): Promise<Member> {
  const classifier = await openClassifier(path);
  await classifier.close();
  const { values } = await readStartingWeights(path);
  return { spec: classifier.spec, values };
}

async function main(): Promise<void> {
  const options = { recipe: { type: 'string' }, data: { type: 'string' }, run: { type: 'string' } } as const;
  const { values: given, positionals: files } = parseArgs({ options, allowPositionals: true });
  const { data, run } = given;
  if (given.recipe === undefined || data === undefined || run === undefined || files.length < 2)
    throw new Error('--recipe, --data, --run and two model files or more are needed');
  const recipe = await readRecipe(given.recipe);
  const { values, spec } = joinClassifiers(await Promise.all(files.map(readMember)), recipe);
  const selected = selectTrainingData(await openDataset(data), recipe);
  const { accuracy, loss, logits } = await validate(recipe, values, spec, selected, createEngine({ threads: 2 }));
  const calibration = calibrate(logits, spec, selected);
  const metrics = { 'publicTest.accuracy': accuracy, 'publicTest.nll': loss };
  const made = await openRunFolder(run);
  await writeWhole(made.model, [encodeInferenceModel(recipe, values, { ...spec, ...calibration, metrics })]);
  await writeJson(made.config, recipe);
  const parameters = countParameters(recipe, spec.labels.length);
  await writeJson(made.report, {
    status: 'joined',
    name: recipe.name,
    parameters,
    members: spec.training.members,
    validation: { accuracy, loss, ...calibration },
  });
  console.log(
    `${run}: ${(100 * accuracy).toFixed(2)}% of PublicTest, temperature ${calibration.temperature.toFixed(3)}`,
  );
}

if (import.meta.main) await main();
