import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Format } from './output.ts';

/** `--format`, one of `formats`, by default the first. */
export function formatOption(formats: readonly [Format, ...Format[]]): Option {
  return new Option('--format <format>', 'form of the data').choices(formats).default(formats[0]);
}

/** `--output FILE`: data goes to that file instead of standard output. */
export function outputOption(): Option {
  return new Option('--output <file>', 'write to this file instead of standard output');
}

/** `--device`: where nets are computed. `webgpu` fails where there is no graphics card, it never falls back. */
export function deviceOption(): Option {
  const text = 'where nets are computed: on the processor or, through WebGPU, on a graphics card';
  return new Option('--device <device>', text).choices(['cpu', 'webgpu']).default('cpu');
}

/** Parser of an option that takes a whole number from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || text.trim() === '') {
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
    }
    return value;
  };
}

/** Adds the command's examples below its help, one call a line. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  return command.addHelpText('after', `\n${title}:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}
