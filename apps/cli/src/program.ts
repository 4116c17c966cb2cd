import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { COMMANDS, type CommandEntry } from './registry.ts';

/**
 * The parser for one call: the command that `argv` names is loaded with its options, the others are known by name only.
 * Every fault is thrown and nothing ends the process.
 */
export async function createProgram(argv: readonly string[], context: Context): Promise<Command> {
  const program = new Command('mememoji')
    .description('Read the expressions of the faces in pictures, and train the model that does it.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--debug', 'print the stack of an unexpected error');
  const chosen = nameOfCommand(argv);
  for (const entry of COMMANDS) program.addCommand(await commandFor(entry, chosen, context));
  settle(program, context);
  return program;
}

async function commandFor(entry: CommandEntry, chosen: string | undefined, context: Context): Promise<Command> {
  if (entry.name !== chosen) return new Command(entry.name).description(entry.summary);
  return (await entry.load()).createCommand(context).name(entry.name);
}

/** `mememoji [--debug] analyze ...` and `mememoji help analyze` both mean analyze. */
function nameOfCommand(argv: readonly string[]): string | undefined {
  const [first, second] = argv.filter((argument) => !argument.startsWith('-'));
  return first === 'help' ? second : first;
}

/** Gives a command and all below it the same manners. */
function settle(command: Command, context: Context): void {
  command
    .exitOverride((error) => {
      throw error.exitCode === 0 || error.code === 'commander.help' ? error : wrongUse(error, command);
    })
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const child of command.commands) settle(child, context);
}

/** The parser's message, which may have a suggestion in a second line, with the help to look into. */
function wrongUse(error: CommanderError, command: Command): CliError {
  const [what = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `see '${fullName(command)} --help'`;
  return new CliError('WRONG_USE', what, hint, { cause: error });
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : 'unknown';
}
