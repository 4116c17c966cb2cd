import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMetrics } from './checkpoint.ts';
import { isUnfinished, writeWhole } from './files.ts';

/** What a training leaves behind. All files but the log are written whole or not at all. */
export interface RunFolder {
  path: string;
  /** The recipe with all defaults filled in. */
  config: string;
  /** One row per epoch. */
  metrics: string;
  log: string;
  /** Newest state, to resume from. */
  checkpoint: string;
  /** Weights of the best epoch so far, where the recipe keeps those. */
  best: string;
  model: string;
  report: string;
  /** What the teachers said of the pictures, where there are teachers. */
  taught: string;
}

/** Makes the folder if need be, and removes what a process that was killed while it wrote may have left. */
export async function openRunFolder(path: string): Promise<RunFolder> {
  await mkdir(path, { recursive: true });
  for (const name of await readdir(path)) if (isUnfinished(name)) await rm(join(path, name), { force: true });
  const file = (name: string) => join(path, name);
  return {
    path,
    config: file('config.json'),
    metrics: file('metrics.csv'),
    log: file('train.log'),
    checkpoint: file('checkpoint.onnx'),
    best: file('best.onnx'),
    model: file('model.onnx'),
    report: file('report.json'),
    taught: file('taught.onnx'),
  };
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]);
}

const COLUMNS = [
  'epoch',
  'learningRate',
  'loss',
  'validationLoss',
  'validationAccuracy',
  'seconds',
  'imagesPerSecond',
] as const;

export async function writeMetrics(path: string, history: readonly EpochMetrics[]): Promise<void> {
  const rows = history.map((row) => COLUMNS.map((column) => row[column]).join(','));
  await writeWhole(path, [Buffer.from(`${[COLUMNS.join(','), ...rows].join('\n')}\n`)]);
}

/** Appends a line with the time to the run's log. */
export async function writeLog({ log }: RunFolder, line: string): Promise<void> {
  await appendFile(log, `${new Date().toISOString()} ${line}\n`);
}
