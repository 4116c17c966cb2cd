import type { TensorData } from '@mememoji/graph/tensor';
import type { Batch } from './batch.ts';
import type { Batches } from './batches.ts';
import { type EpochMetrics, type Position, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { TrainError } from './error.ts';
import { writeWhole } from './files.ts';
import { finishClassifier } from './finish-classifier.ts';
import { encodeInferenceModel } from './inference-model.ts';
import type { Recipe } from './recipe.ts';
import { type RunFolder, writeJson, writeLog, writeMetrics } from './run-folder.ts';
import { bestEpoch, describeModel, describeRun, type RunReport } from './run-report.ts';
import { learningRate } from './schedule.ts';
import type { Stepper } from './stepper.ts';
import { trainedValues } from './trained-values.ts';
import type { TrainOptions } from './trainer.ts';
import { batchTensors, createTrainingBatches } from './training-batches.ts';
import type { TrainingData } from './training-data.ts';
import type { TrainingGraph } from './training-graph.ts';
import { type Validation, validate } from './validation.ts';

/** What stays the same while a net is trained. */
export interface TrainingSetting {
  recipe: Recipe;
  data: TrainingData;
  options: TrainOptions;
  folder: RunFolder;
  graph: TrainingGraph;
  blockSize: number;
}

const CHECKPOINT_SECONDS = 60;

/** One training under way: goes from its position to the end, and leaves the files of the run folder behind. */
export class TrainingRun {
  readonly #setting: TrainingSetting;
  readonly #stepper: Stepper;
  #position: Position;
  /** Performance time of the last moment that `#position.seconds` counts. */
  #counted = performance.now();

  constructor(setting: TrainingSetting, stepper: Stepper, position: Position) {
    this.#setting = setting;
    this.#stepper = stepper;
    this.#position = position;
  }

  async run(): Promise<RunReport> {
    const { recipe, data } = this.#setting;
    const batches = createTrainingBatches(recipe, data, this.#position);
    try {
      while (this.#position.epoch < recipe.epochs && !this.#isHopeless()) {
        const finished = await this.#runEpoch(batches);
        if (!finished) return await this.#interrupted();
        await this.#endEpoch();
      }
      return await this.#finish(this.#position.epoch < recipe.epochs ? 'stopped early' : 'finished');
    } finally {
      await batches.close();
    }
  }

  /** Goes on to the end of the epoch under way; false if it was told to stop. */
  async #runEpoch(batches: Batches): Promise<boolean> {
    const { signal, checkpointSeconds = CHECKPOINT_SECONDS } = this.#setting.options;
    const first = this.#position.batch;
    const began = performance.now();
    let saved = began;
    for (let done = first; done < batches.perEpoch; done++) {
      if (signal?.aborted) return false;
      const batch = await batches.next();
      if (batch === undefined) throw new Error(`no batch ${done} in epoch ${this.#position.epoch}`);
      await this.#step(batch, batches.perEpoch);
      this.#tell(batches.perEpoch, done + 1 - first, performance.now() - began);
      if (performance.now() - saved < checkpointSeconds * 1000) continue;
      await this.#save();
      saved = performance.now();
    }
    return true;
  }

  async #step(batch: Batch, perEpoch: number): Promise<void> {
    const { recipe } = this.#setting;
    const { epoch, steps, lossSum } = this.#position;
    const { loss } = await this.#stepper.run(batchTensors(batch, recipe.inputSize), {
      learningRate: learningRate(recipe, epoch + (batch.index + 1) / perEpoch),
      step: steps + 1,
      ...averageDecay(recipe, steps),
    });
    if (!Number.isFinite(loss)) throw diverged(`the loss became ${loss} in epoch ${epoch + 1}`);
    this.#position = { ...this.#position, batch: batch.index + 1, steps: steps + 1, lossSum: lossSum + loss };
  }

  #tell(batches: number, done: number, milliseconds: number): void {
    const { epoch, batch, lossSum } = this.#position;
    const { epochs, batchSize } = this.#setting.recipe;
    const imagesPerSecond = (1000 * done * batchSize) / milliseconds;
    const secondsLeft = (((epochs - epoch) * batches - batch) * batchSize) / imagesPerSecond;
    const loss = lossSum / batch;
    this.#setting.options.onProgress?.({
      epoch: epoch + 1,
      epochs,
      batch,
      batches,
      loss,
      imagesPerSecond,
      secondsLeft,
    });
  }

  async #endEpoch(): Promise<void> {
    this.#countSeconds();
    const { recipe, folder, options } = this.#setting;
    const { history } = this.#position;
    const values = await this.#trainedValues();
    const metrics = this.#measure(await this.#validate(values));
    if (recipe.keep === 'best' && history.every((row) => row.validationAccuracy < metrics.validationAccuracy)) {
      await writeCheckpoint(folder.best, { position: this.#position, state: Object.fromEntries(values) });
    }
    this.#countSeconds();
    const next = { epoch: metrics.epoch, batch: 0, lossSum: 0, epochSeconds: 0, history: [...history, metrics] };
    this.#position = { ...this.#position, ...next };
    await this.#save();
    await writeMetrics(folder.metrics, next.history);
    await writeLog(folder, describeEpoch(metrics));
    options.onEpoch?.(metrics, recipe.epochs);
  }

  #measure({ loss: validationLoss, accuracy: validationAccuracy }: Validation): EpochMetrics {
    const { recipe } = this.#setting;
    const { epoch, batch, lossSum, epochSeconds } = this.#position;
    return {
      epoch: epoch + 1,
      learningRate: learningRate(recipe, epoch + 1),
      loss: lossSum / batch,
      validationLoss,
      validationAccuracy,
      seconds: epochSeconds,
      imagesPerSecond: (batch * recipe.batchSize) / epochSeconds,
    };
  }

  async #save(): Promise<void> {
    this.#countSeconds();
    const { folder } = this.#setting;
    await writeCheckpoint(folder.checkpoint, { position: this.#position, state: await this.#stepper.readState() });
  }

  #countSeconds(): void {
    const now = performance.now();
    const passed = (now - this.#counted) / 1000;
    this.#counted = now;
    const { seconds, epochSeconds } = this.#position;
    this.#position = { ...this.#position, seconds: seconds + passed, epochSeconds: epochSeconds + passed };
  }

  #isHopeless(): boolean {
    const { patience } = this.#setting.recipe;
    const { epoch, history } = this.#position;
    return this.#position.batch === 0 && patience !== undefined && epoch - bestEpoch(history).epoch >= patience;
  }

  async #trainedValues(): Promise<Map<string, TensorData>> {
    const { recipe, graph, data, blockSize, options } = this.#setting;
    const { epoch, batch } = this.#position;
    return trainedValues(recipe, graph, await this.#stepper.readState(), {
      data,
      epoch: batch === 0 ? epoch - 1 : epoch,
      blockSize,
      createSession: options.createSession,
    });
  }

  #validate(values: ReadonlyMap<string, TensorData>): Promise<Validation> {
    const { recipe, data, options } = this.#setting;
    const spec = describeModel(recipe, data, this.#position);
    return validate(encodeInferenceModel(recipe, values, spec), spec, data, options.createSession);
  }

  async #interrupted(): Promise<RunReport> {
    await this.#save();
    await writeLog(this.#setting.folder, `interrupted in epoch ${this.#position.epoch + 1}`);
    return this.#report('interrupted');
  }

  async #finish(status: 'finished' | 'stopped early'): Promise<RunReport> {
    const { recipe, data, folder, options } = this.#setting;
    const values = recipe.keep === 'best' ? await this.#bestValues() : await this.#trainedValues();
    const trained = { recipe, values, spec: describeModel(recipe, data, this.#position) };
    const { model, validation } = await finishClassifier(trained, data, options.createSession);
    await writeWhole(folder.model, [model]);
    const report = { ...this.#report(status), validation };
    await writeJson(folder.report, report);
    await writeMetrics(folder.metrics, this.#position.history);
    await writeLog(folder, `${status}: validation ${(100 * validation.accuracy).toFixed(2)}%`);
    return report;
  }

  async #bestValues(): Promise<Map<string, TensorData>> {
    const { best } = this.#setting.folder;
    const checkpoint = await readCheckpoint(best);
    if (checkpoint !== undefined) return new Map(Object.entries(checkpoint.state));
    throw new TrainError('BAD_CHECKPOINT', `${best} is gone, the weights to export`, 'start a new run');
  }

  #report(status: RunReport['status']): RunReport {
    const { recipe, data, blockSize } = this.#setting;
    return describeRun(status, this.#position, recipe, data, blockSize);
  }
}

/** Early on the average follows faster, so that it forgets the first weights (as in TensorFlow's moving averages). */
function averageDecay({ averageDecay: decay }: Recipe, steps: number): { averageDecay?: number } {
  return decay === undefined ? {} : { averageDecay: Math.min(decay, (1 + steps) / (10 + steps)) };
}

function diverged(what: string): TrainError {
  return new TrainError('DIVERGED', what, 'lower the learning rate or clip the gradients');
}

function describeEpoch({ epoch, loss, validationAccuracy }: EpochMetrics): string {
  return `epoch ${epoch}: loss ${loss.toFixed(4)}, validation ${(100 * validationAccuracy).toFixed(2)}%`;
}
