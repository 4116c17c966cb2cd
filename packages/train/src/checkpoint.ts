import { decodeModel } from '@mememoji/graph/codec';
import type { Values } from '@mememoji/graph/session';
import { z } from 'zod';
import { TrainError } from './error.ts';
import { readIfThere, writeTensors } from './tensor-file.ts';

/**
 * Where a training stands: after how many batches of which epoch, what it has measured, and every tensor that lasts from step
 * to step. Since a batch depends on (seed, epoch, batch) alone, this is all that an exact resume needs.
 */
const positionSchema = z.object({
  /** SHA-256 of the recipe and the data; a checkpoint of another run is refused. */
  fingerprint: z.string(),
  /** Epoch under way or next, from 0. */
  epoch: z.int().min(0),
  /** Batches of that epoch that are done. */
  batch: z.int().min(0),
  /** Optimiser steps done. */
  steps: z.int().min(0),
  /** Sum of the losses of the batches done in this epoch. */
  lossSum: z.number(),
  /** Seconds that the run took so far. */
  seconds: z.number(),
  /** Seconds that the epoch under way took so far. */
  epochSeconds: z.number(),
  history: z.array(
    z.object({
      epoch: z.int(),
      learningRate: z.number(),
      loss: z.number(),
      validationLoss: z.number(),
      validationAccuracy: z.number(),
      seconds: z.number(),
      imagesPerSecond: z.number(),
    }),
  ),
});

export type Position = z.infer<typeof positionSchema>;
/** What is known at the end of an epoch; a row of metrics.csv. */
export type EpochMetrics = Position['history'][number];

export interface Checkpoint {
  position: Position;
  state: Values;
}

const KEY = 'mememoji.checkpoint';

/** Writes a checkpoint as an ONNX file without nodes, its tensors as initializers, so that any ONNX viewer opens it. */
export async function writeCheckpoint(path: string, { position, state }: Checkpoint): Promise<void> {
  await writeTensors(path, { name: 'checkpoint', metadata: { [KEY]: JSON.stringify(position) }, tensors: state });
}

/** Reads a checkpoint, or gives undefined where there is none. @throws TrainError `BAD_CHECKPOINT` */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  try {
    const { metadata, graph } = decodeModel(bytes);
    return {
      position: positionSchema.parse(JSON.parse(metadata[KEY] ?? '')),
      state: Object.fromEntries(graph.initializers),
    };
  } catch (cause) {
    throw new TrainError(
      'BAD_CHECKPOINT',
      `${path} is not a checkpoint of a training`,
      'start a new run in another folder',
      { cause },
    );
  }
}
