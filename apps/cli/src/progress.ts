import type { Context } from './context.ts';

/** Tells on standard error how far a long job is. */
export interface Progress {
  /** So many more of the items are done, one by default. */
  advance: (count?: number) => void;
  /** Writes a line without spoiling the bar. */
  log: (line: string) => void;
  stop: () => void;
}

/** Below this many items a bar would only flicker. */
const MANY = 8;

/**
 * A bar where standard error is a terminal, the items are many and the data goes elsewhere; else only lines.
 * @param dataOnTerminal whether the data itself is printed to the terminal meanwhile
 */
export async function createProgress(context: Context, total: number, dataOnTerminal: boolean): Promise<Progress> {
  const { stderr } = context;
  if (!stderr.isTTY || total < MANY || dataOnTerminal) {
    return { advance: () => undefined, log: (line) => stderr.write(`${line}\n`), stop: () => undefined };
  }
  const { MultiBar } = await import('cli-progress');
  const bars = new MultiBar({
    stream: stderr,
    format: '{bar} {value}/{total}, {eta_formatted} left',
    clearOnComplete: true,
    // Leaves the terminal's settings alone, so that nothing need be mended after Ctrl-C.
    linewrap: true,
    gracefulExit: false,
  });
  const bar = bars.create(total, 0);
  const stop = (): void => {
    bars.update(); // writes what is still to be logged
    bars.stop();
  };
  return { advance: (count = 1) => bar.increment(count), log: (line) => bars.log(`${line}\n`), stop };
}
