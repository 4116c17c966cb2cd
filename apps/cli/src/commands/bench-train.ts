import {
  BENCHMARK_MODELS,
  type BenchmarkModel,
  benchmarkTraining,
  type TrainingSpeed,
} from '@mememoji/train/benchmark';
import type { Device } from '@mememoji/train/device';
import { createEngine } from '@mememoji/train/engine';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { deviceOption, formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { alignColumns, type Format, writeOutput } from '../output.ts';

interface BenchOptions {
  format: Format;
  output?: string;
  model: BenchmarkModel;
  batch: number;
  device: Device;
  threads: number;
  steps: number;
  warmup: number;
}

/** What `bench train` prints. */
interface BenchResult extends TrainingSpeed {
  model: BenchmarkModel;
  batch: number;
  device: Device;
  threads: number;
  steps: number;
  /** Largest resident memory of this process, in MB of 10^6 bytes. */
  peakMemoryMB: number;
}

/** `mememoji bench train` */
export function createBenchTrain(context: Context): Command {
  const names = Object.keys(BENCHMARK_MODELS) as BenchmarkModel[];
  const command = new Command('train')
    .description('measure whole training steps over a batch that stays in memory')
    .addOption(formatOption(['table', 'json']))
    .addOption(outputOption())
    .addOption(new Option('--model <name>', 'net').choices(names).default('m3'))
    .option('--batch <number>', 'pictures in a batch', wholeNumber(2), 64)
    .addOption(deviceOption())
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .option('--steps <number>', 'steps that are measured', wholeNumber(1), 30)
    .option('--warmup <number>', 'steps before them', wholeNumber(0), 5)
    .action(async (options: BenchOptions) => {
      await writeOutput([render(await bench(options), options.format)], options.output, context);
    });
  return withExamples(command, ['mememoji bench train --model m3 --batch 64 --format json']);
}

async function bench({ model, batch, device, threads, steps, warmup }: BenchOptions): Promise<BenchResult> {
  const createSession = createEngine({ device, threads });
  const speed = await benchmarkTraining(model, { batchSize: batch, steps, warmup, createSession });
  const peakMemoryMB = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  return { ...speed, model, batch, device, threads, steps, peakMemoryMB };
}

function render(result: BenchResult, format: Format): string {
  if (format === 'json') return `${JSON.stringify(result)}\n`;
  const { imagesPerSecond, milliseconds, p10, p90, model, batch, device, threads, peakMemoryMB } = result;
  return alignColumns([
    ['net', 'batch', 'device', 'threads', 'images/s', 'median ms', '10%', '90%', 'peak MB'],
    [
      model,
      batch,
      device,
      threads,
      imagesPerSecond.toFixed(1),
      milliseconds.toFixed(1),
      p10.toFixed(1),
      p90.toFixed(1),
      peakMemoryMB,
    ],
  ]);
}
