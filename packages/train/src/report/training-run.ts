import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { z } from 'zod';
import type { EpochMetrics } from '../checkpoint.ts';
import { TrainError } from '../error.ts';
import type { TrainingRun } from './report.ts';

/** A field of the table; an empty one is no number. */
const field = z.string().min(1).pipe(z.coerce.number());

const epochSchema = z.object({
  epoch: field,
  learningRate: field,
  loss: field,
  validationLoss: field,
  validationAccuracy: field,
  seconds: field,
  imagesPerSecond: field,
});

const reportSchema = z.object({
  fingerprint: z.string(),
  status: z.string(),
  seconds: z.number(),
  trainingSamples: z.number(),
});

/**
 * The training that a model file came from: that in `folder`, or that in the file's own folder if there is one and it is the
 * file's.
 * @returns null where no folder is named and none is found
 * @throws TrainError `FILE_NOT_FOUND` or `UNREADABLE_FILE` if `folder` has no readable metrics.csv, `BAD_OPTION` if it is
 * that of another model
 */
export async function findTrainingRun(
  modelFile: string,
  spec: Pick<ClassifierSpec, 'training'>,
  folder: string | undefined,
): Promise<TrainingRun | null> {
  const place = folder ?? dirname(modelFile);
  const metrics = await readIfThere(join(place, 'metrics.csv'));
  const report = parseReport(await readIfThere(join(place, 'report.json')));
  const isOwn = report === undefined || report.fingerprint.startsWith(spec.training.run);
  if (metrics !== undefined && isOwn) return describeRun(parseMetrics(metrics, join(place, 'metrics.csv')), report);
  if (folder === undefined) return null;
  if (metrics === undefined)
    throw new TrainError('FILE_NOT_FOUND', `there is no metrics.csv in '${folder}'`, 'name the folder of a training');
  throw new TrainError(
    'BAD_OPTION',
    `the run in '${folder}' is not the one that made the model`,
    'name its own folder',
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** A report of another program that happens to have the same name is none. */
function parseReport(text: string | undefined): z.infer<typeof reportSchema> | undefined {
  try {
    return reportSchema.safeParse(JSON.parse(text ?? 'null')).data;
  } catch {
    return undefined;
  }
}

/**
 * Reads metrics.csv; columns are found by their names, others are left alone.
 * @throws TrainError `UNREADABLE_FILE`
 */
export function parseMetrics(text: string, path: string): EpochMetrics[] {
  const [head = '', ...lines] = text.trim().split(/\r?\n/);
  const columns = head.split(',');
  const missing = Object.keys(epochSchema.shape).find((name) => !columns.includes(name));
  if (missing !== undefined) throw new TrainError('UNREADABLE_FILE', `${path} has no column '${missing}'`);
  return lines.map((line, i) => {
    const fields = line.split(',');
    const result = epochSchema.safeParse(Object.fromEntries(columns.map((name, at) => [name, fields[at]])));
    if (result.success) return result.data;
    throw new TrainError(
      'UNREADABLE_FILE',
      `row ${i + 1} of ${path} is wrong: ${result.error.issues[0]?.path.join('.')}`,
    );
  });
}

function describeRun(epochs: EpochMetrics[], report: z.infer<typeof reportSchema> | undefined): TrainingRun {
  const { status = null, seconds = null, trainingSamples = null } = report ?? {};
  return { epochs, status, seconds, trainingSamples };
}
