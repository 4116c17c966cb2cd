import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dataset } from './dataset.ts';
import { TrainError } from './error.ts';
import { readFer2013 } from './fer2013-csv.ts';
import { readFerPlus } from './ferplus-csv.ts';
import { isImageFolder, readImageFolder } from './image-folder.ts';
import { findNpyPairs, readNpyFolder } from './npy-folder.ts';
import { asTrainError } from './text-lines.ts';

/** Names under which the challenge's table goes around, looked for in a folder. */
const TABLES = ['fer2013.csv', 'fer2013.csv.gz', 'icml_face_data.csv', 'icml_face_data.csv.gz'];
/** Names of the FER+ votes, looked for beside the table. */
const VOTES = ['ferplus.csv', 'fer2013new.csv'];

export interface OpenOptions {
  /** Side of the square pictures in pixels, for tables and folders of pictures; 48 if left out. */
  size?: number;
  /** A FER+ table; false: none, even if one lies beside. Left out: the one beside, if there is one that fits. */
  votes?: string | false;
  /** Told in one line of whatever is left out. */
  onWarning?: (message: string) => void;
}

/**
 * Opens whatever data lies at `path`: a FER2013 table (.csv or .csv.gz, or a folder with one), a folder of .npy pairs, or a
 * folder of pictures by class.
 * @throws TrainError `FILE_NOT_FOUND`, `BAD_IMAGE_FOLDER` where a folder holds none of these, and what the readers throw
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<Dataset> {
  const kind = await stat(path).catch((cause: unknown) => {
    throw asTrainError(path, cause);
  });
  if (!kind.isDirectory()) return openTable(path, options);
  const names = await readdir(path);
  const table = TABLES.find((name) => names.includes(name));
  if (table !== undefined) return openTable(join(path, table), options);
  if ((await findNpyPairs(path)).length > 0) return readNpyFolder(path);
  if (await isImageFolder(path)) return readImageFolder(path, options);
  throw new TrainError(
    'BAD_IMAGE_FOLDER',
    `${path} holds no data set`,
    'name fer2013.csv, a folder of pictures by class (angry/1.png), or one of .npy pairs (X_train.npy, y_train.npy)',
  );
}

async function openTable(path: string, options: OpenOptions): Promise<Dataset> {
  if (path.endsWith('.npy'))
    throw new TrainError('BAD_HEADER', `${path} is one array of a pair`, 'name the folder it lies in');
  const dataset = await readFer2013(path, options);
  if (options.votes === false) return dataset;
  if (options.votes !== undefined) return { ...dataset, votes: await readFerPlus(options.votes, dataset) };
  const votes = await votesBeside(path, dataset, options);
  return votes === undefined ? dataset : { ...dataset, votes };
}

/** Votes that nobody asked for are only taken if they fit. */
async function votesBeside(
  path: string,
  dataset: Dataset,
  { onWarning }: OpenOptions,
): Promise<Uint8Array | undefined> {
  const folder = dirname(path);
  const names = await readdir(folder);
  const found = VOTES.find((name) => names.includes(name));
  if (found === undefined) return undefined;
  try {
    return await readFerPlus(join(folder, found), dataset);
  } catch (error) {
    if (!(error instanceof TrainError)) throw error;
    onWarning?.(`votes are left out: ${error.message}`);
    return undefined;
  }
}
