/** A process that trains the net of resume.test.ts in the folder named, and dawdles in the middle of the second epoch. */
import { train } from '../../src/trainer.ts';
import { engine, FULL_RECIPE, tinyDataset, withVotes } from './tiny-run.ts';

const [folder = ''] = process.argv.slice(2);
await train(FULL_RECIPE, withVotes(tinyDataset()), {
  folder,
  createSession: engine,
  checkpointSeconds: 0,
  onProgress: ({ epoch, batch }) => {
    process.stdout.write(`${epoch}.${batch}\n`);
    if (epoch === 2 && batch === 4) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  },
});
