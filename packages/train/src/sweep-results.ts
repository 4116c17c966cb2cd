import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type EpochMetrics, readCheckpoint } from './checkpoint.ts';
import type { Dataset } from './dataset.ts';
import { TrainError } from './error.ts';
import type { Recipe } from './recipe.ts';
import { type Cell, type Table, toCsv } from './report/table.ts';
import { bestEpoch } from './run-report.ts';
import type { Changes, Trial } from './sweep-trials.ts';
import { countParameters } from './training-graph.ts';

/** From the best to the worst: ended by itself, under way, stopped by the sweep, failed, not begun. */
export const TRIAL_STATUSES = ['finished', 'under way', 'stopped', 'failed', 'waiting'] as const;

/** How a trial stands. */
export interface TrialResult {
  trial: string;
  status: (typeof TRIAL_STATUSES)[number];
  changes: Changes;
  /** On the validation rows: of the exported model if it is finished, else of the best epoch so far; null before the first. */
  accuracy: number | null;
  loss: number | null;
  /** Epochs done. */
  epochs: number;
  /** null where the net cannot be built. */
  parameters: number | null;
  seconds: number;
  error: TrialFailure | null;
  history: readonly EpochMetrics[];
}

const failureSchema = z.object({ code: z.string(), message: z.string() });

/** Why a trial failed: code and message of its error. */
export type TrialFailure = z.infer<typeof failureSchema>;

const reportSchema = z.object({ validation: z.object({ accuracy: z.number(), loss: z.number() }) });

/** Folder of a trial, and the file that tells why it failed. */
export function trialFolder(folder: string, { id }: Trial): { folder: string; failure: string } {
  const own = join(folder, `trial-${id}`);
  return { folder: own, failure: join(own, 'failed.json') };
}

/**
 * Reads from its run folder how a trial stands; nothing else is kept of it.
 * @throws TrainError `BAD_CHECKPOINT` if its checkpoint is broken
 */
export async function readResult(folder: string, trial: Trial, dataset: Dataset): Promise<TrialResult> {
  const { id, changes, recipe } = trial;
  const paths = trialFolder(folder, trial);
  const position = (await readCheckpoint(join(paths.folder, 'checkpoint.onnx')))?.position;
  const report = reportSchema.safeParse(await readJson(join(paths.folder, 'report.json')));
  const failure = failureSchema.safeParse(await readJson(paths.failure));
  const history = position?.history ?? [];
  const best = history[bestEpoch(history).epoch - 1];
  const error = recipe instanceof TrainError ? toFailure(recipe) : failure.success ? failure.data : null;
  const begun = position === undefined ? 'waiting' : 'under way';
  return {
    trial: id,
    status: error !== null ? 'failed' : report.success ? 'finished' : begun,
    changes,
    accuracy: report.data?.validation.accuracy ?? best?.validationAccuracy ?? null,
    loss: report.data?.validation.loss ?? best?.validationLoss ?? null,
    epochs: history.length,
    parameters: recipe instanceof TrainError ? null : parametersOf(recipe, dataset),
    seconds: position?.seconds ?? 0,
    error,
    history,
  };
}

function toFailure({ code, message }: TrainError): TrialFailure {
  return { code, message };
}

/** A net that cannot be built fails when it is its turn. */
function parametersOf(recipe: Recipe, { labels }: Dataset): number | null {
  const { classes, merge } = recipe.data;
  try {
    return countParameters(recipe, classes?.length ?? labels.length - Object.keys(merge).length);
  } catch {
    return null;
  }
}

/** The content of a JSON file, or undefined where there is none. */
async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : JSON.parse(text);
}

/** Best first: by status, those that did not finish by epochs, then by accuracy; of equal ones the smaller net. */
export function rankResults(results: readonly TrialResult[]): TrialResult[] {
  const group = ({ status }: TrialResult) => TRIAL_STATUSES.indexOf(status);
  const epochs = ({ status, epochs: done }: TrialResult) => (status === 'finished' ? 0 : done);
  return results.toSorted(
    (a, b) =>
      group(a) - group(b) ||
      epochs(b) - epochs(a) ||
      (b.accuracy ?? -1) - (a.accuracy ?? -1) ||
      (a.parameters ?? Number.MAX_VALUE) - (b.parameters ?? Number.MAX_VALUE),
  );
}

/** The ranked table of a sweep with a column for each entry that it changes. */
export function sweepTable(results: readonly TrialResult[]): Table {
  const entries = [...new Set(results.flatMap(({ changes }) => Object.keys(changes)))];
  const head = ['rank', 'trial', 'status', 'accuracy', 'loss', 'epochs', 'parameters', 'seconds', ...entries, 'error'];
  const rows = rankResults(results).map((result, i): Cell[] => {
    const { trial, status, accuracy, loss, epochs, parameters, seconds, changes, error } = result;
    const values = entries.map((entry) => toCell(changes[entry]));
    return [i + 1, trial, status, accuracy, loss, epochs, parameters, seconds, ...values, error?.message ?? null];
  });
  return [head, ...rows];
}

/** The same as CSV. */
export function sweepCsv(results: readonly TrialResult[]): string {
  return toCsv(sweepTable(results));
}

/** Numbers and text as they are, all else as JSON. */
export function toCell(value: unknown): Cell {
  if (value === undefined) return null;
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}
