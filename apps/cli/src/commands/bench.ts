import { Command } from 'commander';
import type { Context } from '../context.ts';
import { withExamples } from '../options.ts';
import { createBenchAnalyze } from './bench-analyze.ts';
import { createBenchTrain } from './bench-train.ts';

/** `mememoji bench`: how fast this machine is. */
export function createCommand(context: Context): Command {
  const bench = new Command()
    .description('measure how fast this machine is')
    .addCommand(createBenchAnalyze(context))
    .addCommand(createBenchTrain(context));
  return withExamples(bench, ['mememoji bench analyze --format json', 'mememoji bench train --model m3 --batch 64']);
}
