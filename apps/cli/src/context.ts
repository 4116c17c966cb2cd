import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Terminal = Writable & { isTTY?: boolean; columns?: number };

/** What a command may touch of the process around it; tests pass their own. */
export interface Context {
  stdin: Readable;
  /** Data goes here, and nothing else. */
  stdout: Terminal;
  /** Progress, logs and errors. */
  stderr: Terminal;
  /** Environment variables. */
  env: Readonly<Record<string, string | undefined>>;
  /** The only place where commands learn of Ctrl-C. */
  interrupt: Interrupt;
}

/**
 * What Ctrl-C does. Unless a command has asked for the signal, the process ends at once with 130. A command that has
 * things to save asks for it, and is given time; a second Ctrl-C then ends the process at once.
 */
export class Interrupt {
  #controller: AbortController | undefined;

  /** Aborted by the first Ctrl-C from now on. */
  signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** Tells the command; false if none listens, or was told before. */
  raise(): boolean {
    if (this.#controller === undefined || this.#controller.signal.aborted) return false;
    this.#controller.abort();
    return true;
  }

  get raised(): boolean {
    return this.#controller?.signal.aborted ?? false;
  }
}

export function processContext(): Context {
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env, interrupt: new Interrupt() };
}
