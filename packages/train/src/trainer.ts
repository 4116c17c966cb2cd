import { createHash } from 'node:crypto';
import { probeBlockSize } from '@mememoji/graph/blocks';
import { decodeModel } from '@mememoji/graph/codec';
import type { SessionFactory } from '@mememoji/graph/session';
import { sameShape } from '@mememoji/graph/tensor';
import { type Checkpoint, type EpochMetrics, type Position, readCheckpoint } from './checkpoint.ts';
import type { Classifier } from './classifier-session.ts';
import type { Dataset } from './dataset.ts';
import { TrainError } from './error.ts';
import { drawnVariables, firstState } from './first-state.ts';
import type { StartingWeights } from './model-variables.ts';
import { type Recipe, trainedBy } from './recipe.ts';
import { openRunFolder, type RunFolder, writeJson, writeLog } from './run-folder.ts';
import type { RunReport } from './run-report.ts';
import { Stepper } from './stepper.ts';
import { rememberTaught } from './taught-file.ts';
import { columnsOf, teach } from './teacher.ts';
import { checkReads, type TeacherNet } from './teacher-graph.ts';
import { selectTrainingData, type TrainingData } from './training-data.ts';
import { buildTrainingGraph, type TrainingGraph } from './training-graph.ts';
import { TrainingRun } from './training-run.ts';

/** A net to learn from, the file that it is in, and the SHA-256 of that. */
export interface Teacher {
  classifier: Classifier;
  bytes: Uint8Array;
  sha256: string;
}

/** What is told after each batch. */
export interface TrainingProgress {
  /** From 1. */
  epoch: number;
  epochs: number;
  /** Batches done of this epoch, and of how many. */
  batch: number;
  batches: number;
  /** Mean over this epoch so far. */
  loss: number;
  /** Over this epoch so far, since this process took it up. */
  imagesPerSecond: number;
  /** Estimate for the whole run. */
  secondsLeft: number;
}

export interface TrainOptions {
  /** Where the run's files go. */
  folder: string;
  createSession: SessionFactory;
  /** Weights to begin with instead of drawn ones, where names and shapes agree. */
  from?: StartingWeights;
  /** Teachers for a recipe with distillation. */
  teachers?: readonly Teacher[];
  /** Go on from the folder's checkpoint; without it a folder with a checkpoint is refused. */
  resume?: boolean;
  /** Stops after the batch under way, with a checkpoint. */
  signal?: AbortSignal;
  /** Between checkpoints within an epoch; default 60. */
  checkpointSeconds?: number;
  /**
   * Told once, where a run begins with the weights of `from`: how many variables the net has, and the names of those that are drawn
   * because `from` has none of that name and shape. What serves training alone, such as the classifier of the votes, is in no model file.
   */
  onStart?: (variables: number, drawn: readonly string[]) => void;
  /** Told while teachers are asked, before the first epoch: pictures done of all. */
  onTeaching?: (done: number, total: number) => void;
  onProgress?: (progress: TrainingProgress) => void;
  onEpoch?: (metrics: EpochMetrics, epochs: number) => void;
}

/**
 * Trains a net by a recipe. Batches, masks and first weights depend on the recipe's seed alone and checkpoints hold all else,
 * so that a run that was stopped in any way and resumed ends with the same weights as one that was not.
 * @throws TrainError `RUN_EXISTS`, `BAD_CHECKPOINT`, `BAD_RECIPE` or `BAD_VOTES` if the data cannot serve the recipe,
 * `BAD_CLASSES`, `EMPTY_SELECTION`, `DIVERGED`; GraphError `BAD_SHAPE` if pictures are too small for the net
 */
export async function train(recipe: Recipe, source: Dataset, options: TrainOptions): Promise<RunReport> {
  checkTeachers(recipe, options);
  const selected = selectTrainingData(source, recipe);
  const folder = await openRunFolder(options.folder);
  const fingerprint = fingerprintOf(recipe, source, options);
  const found = await findCheckpoint(folder, fingerprint, options.resume ?? false);
  const blockSize = await probeBlockSize(options.createSession);
  const nets = netsOf(recipe, selected.dataset, options);
  const graph = buildTrainingGraph(recipe, selected.dataset.labels.length, blockSize, nets);
  const { position, state } = found ?? begin(recipe, graph, fingerprint, options);
  const data = await withTeachers(selected, recipe, options, (labels, ask) =>
    rememberTaught(folder.taught, fingerprint, labels, ask),
  );
  checkState(graph, state, folder);
  const stepper = await Stepper.create(options.createSession, graph, state, recipe.seed);
  try {
    await writeJson(folder.config, recipe);
    await writeLog(folder, found === undefined ? 'started' : `resumed at epoch ${position.epoch + 1}`);
    return await new TrainingRun({ recipe, data, options, folder, graph, blockSize }, stepper, position).run();
  } catch (error) {
    await writeLog(folder, `failed: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  } finally {
    await stepper.close();
  }
}

function checkTeachers({ distillation }: Recipe, { teachers = [] }: TrainOptions): void {
  if ((distillation === undefined) === (teachers.length === 0)) return;
  const message =
    distillation === undefined ? 'the recipe has no distillation, but there are teachers' : 'the recipe wants teachers';
  throw new TrainError('BAD_RECIPE', message, "a recipe's distillation and --teacher go together");
}

/** The teachers that look at each step's own pictures. */
function netsOf({ distillation, inputSize }: Recipe, dataset: Dataset, { teachers = [] }: TrainOptions): TeacherNet[] {
  if (distillation?.consistent !== true) return [];
  const nets = teachers.map(({ bytes, classifier: { spec } }) => ({
    model: decodeModel(bytes),
    spec,
    columns: columnsOf({ spec }, dataset),
  }));
  for (const net of nets) checkReads(net, inputSize);
  return nets;
}

/** The data with what teachers said of its pictures, where they are asked but once. */
async function withTeachers(
  data: TrainingData,
  { distillation }: Recipe,
  { teachers = [], onTeaching }: TrainOptions,
  remember: (classes: number, ask: () => Promise<Float32Array>) => Promise<Float32Array>,
): Promise<TrainingData> {
  if (distillation === undefined || distillation.consistent) return data;
  const { temperature, view } = distillation;
  const classifiers = teachers.map(({ classifier }) => classifier);
  const options = { temperature, view, ...(onTeaching && { onProgress: onTeaching }) };
  const teacher = await remember(data.dataset.labels.length, () =>
    teach(classifiers, data.dataset, data.training, options),
  );
  return { ...data, teacher };
}

/** SHA-256 over all that the trained weights depend on; what is done to the finished model may change when a run is resumed. */
function fingerprintOf(recipe: Recipe, { source, votes }: Dataset, { from, teachers = [] }: TrainOptions): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(trainedBy(recipe)))
    .update(source.sha256);
  for (const { sha256 } of from === undefined ? teachers : [from, ...teachers]) hash.update(sha256);
  return (votes === undefined ? hash : hash.update(votes)).digest('hex');
}

async function findCheckpoint(
  folder: RunFolder,
  fingerprint: string,
  resume: boolean,
): Promise<Checkpoint | undefined> {
  const checkpoint = await readCheckpoint(folder.checkpoint);
  if (checkpoint === undefined) return undefined;
  if (!resume) {
    const hint = 'resume it with --resume, or choose another folder';
    throw new TrainError('RUN_EXISTS', `${folder.path} holds a run already`, hint);
  }
  if (checkpoint.position.fingerprint !== fingerprint) {
    const message = `the run in ${folder.path} was started with another recipe or other data`;
    throw new TrainError('BAD_CHECKPOINT', message, 'resume with the same, or choose another folder');
  }
  return checkpoint;
}

function begin(recipe: Recipe, graph: TrainingGraph, fingerprint: string, { from, onStart }: TrainOptions): Checkpoint {
  if (from !== undefined) {
    const drawn = drawnVariables(graph, from.values);
    if (drawn.length === graph.variables.size) {
      const hint = "the recipe's model must be that of the weights";
      throw new TrainError('BAD_MODEL', 'no variable of the net is among the weights to start from', hint);
    }
    onStart?.(graph.variables.size, drawn);
  }
  const position: Position = {
    fingerprint,
    epoch: 0,
    batch: 0,
    steps: 0,
    lossSum: 0,
    seconds: 0,
    epochSeconds: 0,
    history: [],
  };
  return { position, state: firstState(graph, recipe.seed, from?.values) };
}

/** A checkpoint may be of an older version, whose nets had other variables. */
function checkState(graph: TrainingGraph, state: Checkpoint['state'], { checkpoint }: RunFolder): void {
  const stranger = [...graph.state].find(([name, shape]) => !sameShape(state[name]?.shape ?? [-1], shape));
  if (stranger === undefined) return;
  const [name, shape] = stranger;
  const message = `${checkpoint} has no tensor '${name}' of shape [${shape.join(', ')}]`;
  throw new TrainError('BAD_CHECKPOINT', message, 'it is of another version; start a new run in another folder');
}
