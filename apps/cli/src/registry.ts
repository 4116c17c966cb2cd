import type { Command } from 'commander';
import type { Context } from './context.ts';

/** A command as far as it is known before its file is loaded. */
export interface CommandEntry {
  name: string;
  summary: string;
  /** Imports the command's file and what it needs. */
  load: () => Promise<CommandModule>;
}

/** What every file in `commands/` exports. */
export interface CommandModule {
  createCommand: (context: Context) => Command;
}

/** All commands, in the order of the help. Each file is imported only when its command is called. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'analyze',
    summary: 'find the faces in pictures and videos and read their expressions',
    load: () => import('./commands/analyze.ts'),
  },
  {
    name: 'serve',
    summary: 'serve the API and the web app',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'meme',
    summary: 'lay over each face of a picture the emoji of its expression',
    load: () => import('./commands/meme.ts'),
  },
  {
    name: 'explain',
    summary: 'show what the net sees in a face, and what it reads an expression from',
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'train',
    summary: 'train a net by a recipe; Ctrl-C stops with a checkpoint, --resume goes on',
    load: () => import('./commands/train.ts'),
  },
  {
    name: 'sweep',
    summary: 'try a grid or random sample of recipes; Ctrl-C stops with checkpoints, --resume goes on',
    load: () => import('./commands/sweep.ts'),
  },
  {
    name: 'evaluate',
    summary: 'measure a model on a data set: accuracy, confusion, calibration',
    load: () => import('./commands/evaluate.ts'),
  },
  {
    name: 'compare',
    summary: "compare two models on the same faces, with McNemar's test",
    load: () => import('./commands/compare.ts'),
  },
  {
    name: 'data',
    summary: 'look at a data set, or choose from it and write arrays',
    load: () => import('./commands/data.ts'),
  },
  {
    name: 'bench',
    summary: 'measure how fast this machine is',
    load: () => import('./commands/bench.ts'),
  },
  {
    name: 'models',
    summary: 'tell about the models, choose which one faces are read with, join several into one',
    load: () => import('./commands/models.ts'),
  },
  {
    name: 'feedback',
    summary: 'look at what people said of faces, and train the model further on it',
    load: () => import('./commands/feedback.ts'),
  },
  {
    name: 'worker',
    summary: 'work on the jobs of a server, or on the trials of sweeps, on this machine too',
    load: () => import('./commands/worker.ts'),
  },
];
