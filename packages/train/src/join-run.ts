import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { SessionFactory } from '@mememoji/graph/session';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { openClassifier } from './classifier-session.ts';
import type { Dataset } from './dataset.ts';
import { TrainError } from './error.ts';
import { writeWhole } from './files.ts';
import { finishClassifier } from './finish-classifier.ts';
import { type JoinOptions, joinClassifiers, type Member } from './join-classifiers.ts';
import { readStartingWeights } from './model-variables.ts';
import { openRunFolder, writeJson } from './run-folder.ts';
import type { RunReport } from './run-report.ts';
import { selectTrainingData } from './training-data.ts';
import { countParameters } from './training-graph.ts';

/** What report.json of joined classifiers holds. */
export interface JoinReport extends Pick<RunReport, 'name' | 'parameters' | 'dataHash'> {
  status: 'joined';
  members: NonNullable<ClassifierSpec['training']['members']>;
  /** Of the exported model on PublicTest. */
  validation: NonNullable<RunReport['validation']>;
}

export interface JoinRunOptions extends JoinOptions {
  /** Where model, recipe and report go; made if need be. */
  folder: string;
  createSession: SessionFactory;
}

/**
 * Joins the classifiers in files into one (see {@link joinClassifiers}), calibrates it on PublicTest and writes it into a folder as a
 * training would: `model.onnx`, `config.json`, `report.json`.
 * @throws TrainError `BAD_MODEL`, `FILE_NOT_FOUND`, `RUN_EXISTS` if the folder holds a run already, `BAD_RECIPE` or `BAD_CLASSES` if the
 * data do not serve the first of them; VisionError if a file does not tell what it is
 */
export async function joinFiles(
  files: readonly string[],
  dataset: Dataset,
  { folder, createSession, ...options }: JoinRunOptions,
): Promise<JoinReport> {
  const joined = joinClassifiers(await Promise.all(files.map(readMember)), options);
  const { recipe, spec } = joined;
  const data = selectTrainingData(dataset, recipe);
  checkLabels(data.dataset, spec);
  const made = await openRunFolder(folder);
  if ([made.checkpoint, made.model].some(existsSync))
    throw new TrainError('RUN_EXISTS', `${folder} holds a run already`, 'choose another folder');
  const { model, validation } = await finishClassifier(joined, data, createSession);
  await writeWhole(made.model, [model]);
  await writeJson(made.config, recipe);
  const report: JoinReport = {
    status: 'joined',
    name: recipe.name,
    parameters: countParameters(recipe, spec.labels.length),
    dataHash: spec.training.dataHash,
    members: spec.training.members!,
    validation,
  };
  await writeJson(made.report, report);
  return report;
}

function checkLabels({ labels }: Dataset, spec: ClassifierSpec): void {
  if (isDeepStrictEqual([...labels], spec.labels)) return;
  const hint = 'name data with the classes of the models';
  throw new TrainError('BAD_CLASSES', `the data has ${labels.join(', ')}, the models ${spec.labels.join(', ')}`, hint);
}

/** A classifier's file as a part of a joint one. */
export async function readMember(path: string): Promise<Member> {
  const classifier = await openClassifier(path);
  await classifier.close();
  const { values } = await readStartingWeights(path);
  return { spec: classifier.spec, values };
}
