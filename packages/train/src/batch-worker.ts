/** The thread in which batches are made: one job in, one batch out, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, type BatchJob, type BatchSource, createBatchMaker } from './batch.ts';

const source: BatchSource = workerData;
const make = createBatchMaker(source);

parentPort?.on('message', (job: BatchJob) => {
  const batch = make(job);
  parentPort?.postMessage(batch, buffersOf(batch));
});

function buffersOf(batch: Batch): ArrayBuffer[] {
  const arrays = [batch.pixels, batch.targets, batch.votes, batch.voteWeights, batch.teacher, batch.voteLabels];
  return arrays.filter((array) => array !== undefined).map((array) => array.buffer);
}
