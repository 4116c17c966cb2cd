import { type Context, processContext } from './context.ts';
import { EXIT_INTERRUPTED, EXIT_OK, judge } from './errors.ts';
import { createProgram } from './program.ts';

/** Two signals within this time, in milliseconds, are one. */
const ONE_INTERRUPT_MS = 300;

/**
 * Runs one call of `mememoji`.
 * @param argv what stands after the program's name
 * @returns the exit code: 0 all went well, 1 failure, 2 wrong use, 130 stopped by Ctrl-C
 */
export async function main(argv: string[], context: Context = processContext()): Promise<number> {
  const onInterrupt = createInterruptHandler(context);
  process.on('SIGINT', onInterrupt);
  context.stdout.on('error', onStdoutError);
  try {
    await (await createProgram(argv, context)).parseAsync(argv, { from: 'user' });
    return context.interrupt.raised ? EXIT_INTERRUPTED : EXIT_OK;
  } catch (error) {
    return report(error, argv, context);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/**
 * One Ctrl-C may arrive twice, from the terminal and from the process that started this one, hence the pause.
 * A command that listens is told of the first; the next, or the first where none listens, ends the process.
 */
function createInterruptHandler({ interrupt }: Context): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last < ONE_INTERRUPT_MS) return;
    last = now;
    if (!interrupt.raise()) process.exit(EXIT_INTERRUPTED);
  };
}

function report(error: unknown, argv: readonly string[], context: Context): number {
  const { exitCode, line } = judge(error);
  if (line !== undefined) context.stderr.write(`mememoji: ${line}\n`);
  if (line !== undefined && argv.includes('--debug') && error instanceof Error) {
    context.stderr.write(`${error.stack}\n`);
  }
  return exitCode;
}

/** The reader of a pipe, such as `head`, may leave when it has seen enough. That is no failure. */
function onStdoutError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT_OK);
  throw error;
}
