import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel } from '@mememoji/graph/codec';
import type { TensorData } from '@mememoji/graph/tensor';
import { afterAll } from 'vitest';
import type { Dataset } from '../../src/dataset.ts';
import { createEngine } from '../../src/engine.ts';
import { FERPLUS_CATEGORIES } from '../../src/ferplus-csv.ts';
import { parseRecipe, type Recipe } from '../../src/recipe.ts';
import { datasetOf, ferLikeRows } from './fer-like.ts';

/** One thread that sleeps while it waits: tests run side by side. */
export const engine = createEngine({ threads: 1, spinning: false });

/** Pictures of 20x20: 252 to train on, 84 to choose by, 84 to publish on. */
export function tinyDataset(rows = 420): Dataset {
  return datasetOf(ferLikeRows({ rows, size: 20 }));
}

/** A net of a few hundred weights and a few epochs of seven batches, with anything changed. */
export function tinyRecipe(changes: Record<string, unknown> = {}): Recipe {
  return parseRecipe({
    name: 'tiny',
    model: { architecture: 'cnn9', widths: [8, 8], depth: 1, dense: [16], dropout: 0, batchNorm: true },
    inputSize: 20,
    batchSize: 36,
    epochs: 3,
    schedule: { kind: 'cosine', peak: 0.1, warmupEpochs: 1 },
    augmentation: 'none',
    ...changes,
  });
}

/** FER+'s columns in the order of the labels. */
const COLUMNS = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'] as const;

/** The same with FER+ votes: eight for the label and two for neutral. */
export function withVotes(dataset: Dataset): Dataset {
  const width = FERPLUS_CATEGORIES.length;
  const votes = new Uint8Array(dataset.count * width);
  dataset.targets.forEach((target, row) => {
    votes[row * width + FERPLUS_CATEGORIES.indexOf(COLUMNS[target]!)]! += 8;
    votes[row * width + FERPLUS_CATEGORIES.indexOf('neutral')]! += 2;
  });
  return { ...dataset, votes };
}

export function readTensors(path: string): Record<string, TensorData> {
  return Object.fromEntries(decodeModel(readFileSync(path)).graph.initializers);
}

export function readText(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

/** An empty folder that goes when all tests of the block have ended. */
export function folderForAll(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-train-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One of everything that draws random numbers or lasts from step to step; its net also has batch normalisation. */
export const FULL_RECIPE: Recipe = tinyRecipe({
  model: { architecture: 'cnn9', widths: [8, 8], depth: 1, dense: [16], dropout: 0.3, batchNorm: true },
  inputSize: 16,
  augmentation: 'standard',
  lightEpochs: 1,
  mixup: { alpha: 0.2, probability: 0.5 },
  cutmix: { alpha: 1, probability: 0.7 },
  labelSmoothing: 0.1,
  voteWeight: 0.3,
  clipNorm: 5,
  averageDecay: 0.9,
});

/** The elements of a tensor, whatever their type. */
export function numbersOf({ data }: TensorData): number[] {
  return Array.from({ length: data.length }, (_, i) => Number(data[i]));
}
