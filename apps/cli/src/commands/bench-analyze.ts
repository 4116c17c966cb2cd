import { fileURLToPath } from 'node:url';
import type { PixelImage } from '@mememoji/vision/image';
import { quantile as ascendingQuantile } from '@mememoji/vision/metrics/bootstrap';
import { Command, Option } from 'commander';
import { createAnalyzer } from 'mememoji/node';
import type { Device } from 'mememoji/node-session';
import sharp from 'sharp';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { deviceOption, formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { alignColumns, type Format, writeOutput } from '../output.ts';
import { findModel } from '../shipped-models.ts';

/** A photo with one face; it lies in the repository, not in a published package. */
const PHOTO = fileURLToPath(new URL('../../../../test/fixtures/astronaut.png', import.meta.url));

/** Size to which the photo is scaled, with black beside it where its shape is another. */
const SIZE = { width: 640, height: 480 };

interface BenchOptions {
  format: Format;
  output?: string;
  image: string;
  model?: string;
  device: Device;
  threads: number;
  runs: number;
  warmup: number;
}

/** What `bench analyze` prints; times in milliseconds of one picture, from decoded pixels to expressions. */
export interface AnalyzeTiming {
  /** Median. */
  milliseconds: number;
  p10: number;
  p90: number;
  runs: number;
  width: number;
  height: number;
  /** Faces found in the picture. */
  faces: number;
  device: Device;
  threads: number;
}

/** `mememoji bench analyze` */
export function createBenchAnalyze(context: Context): Command {
  const { width, height } = SIZE;
  const command = new Command('analyze')
    .description(`measure one analysis of a photo of ${width}x${height} pixels, decoded beforehand`)
    .addOption(formatOption(['table', 'json']))
    .addOption(outputOption())
    .addOption(new Option('--image <file>', 'another photo').default(PHOTO, 'test/fixtures/astronaut.png'))
    .option('--model <name|file>', 'another model than the shipped one')
    .addOption(deviceOption())
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .option('--runs <number>', 'analyses that are measured', wholeNumber(1), 50)
    .option('--warmup <number>', 'analyses before them', wholeNumber(0), 10)
    .action(async (options: BenchOptions) => {
      const timing = await benchAnalyze(options);
      await writeOutput([renderTiming(timing, options.format)], options.output, context);
    });
  return withExamples(command, ['mememoji bench analyze --threads 1 --format json']);
}

async function benchAnalyze({ image, model, device, threads, runs, warmup }: BenchOptions): Promise<AnalyzeTiming> {
  const pixels = await decode(image);
  const file = model === undefined ? undefined : await findModel(model);
  const analyzer = await createAnalyzer({ model: file, device, threads });
  try {
    for (let i = 0; i < warmup; i++) await analyzer.analyze(pixels);
    const times: number[] = [];
    for (let i = 0; i < runs; i++) times.push(await measure(() => analyzer.analyze(pixels)));
    const { faces } = await analyzer.analyze(pixels);
    const [p10, milliseconds, p90] = [0.1, 0.5, 0.9].map((fraction) => quantile(times, fraction));
    return { milliseconds: milliseconds!, p10: p10!, p90: p90!, runs, ...SIZE, faces: faces.length, device, threads };
  } finally {
    await analyzer.close();
  }
}

async function decode(file: string): Promise<PixelImage> {
  const { width, height } = SIZE;
  try {
    const image = sharp(file, { autoOrient: true }).resize(width, height, { fit: 'contain', background: 'black' });
    const data = await image.flatten().toColourspace('srgb').raw().toBuffer();
    return { ...SIZE, channels: 3, data };
  } catch (cause) {
    throw new CliError('NO_INPUT', `the photo ${file} cannot be read`, 'name one with --image', { cause });
  }
}

async function measure(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Quantile of values in any order; `fraction` is 0..1. */
export function quantile(values: readonly number[], fraction: number): number {
  return ascendingQuantile(Float64Array.from(values).sort(), fraction);
}

function renderTiming(timing: AnalyzeTiming, format: Format): string {
  if (format === 'json') return `${JSON.stringify(timing)}\n`;
  const { milliseconds, p10, p90, runs, width, height, faces, device, threads } = timing;
  const times = [milliseconds, p10, p90].map((time) => time.toFixed(1));
  return alignColumns([
    ['median ms', '10%', '90%', 'runs', 'picture', 'faces', 'device', 'threads'],
    [...times, runs, `${width}x${height}`, faces, device, threads],
  ]);
}
