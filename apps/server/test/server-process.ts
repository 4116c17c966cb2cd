/** The server in a process of its own, so that it can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('./server-main.ts', import.meta.url));

export interface ServerProcess {
  url: string;
  /** Ends it like a power cut. */
  kill(): Promise<void>;
  /** Asks it to end. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts a server without networks on a free port. @param options of the server, as JSON */
export async function startProcess(options: object): Promise<ServerProcess> {
  const args = ['--conditions=source', MAIN, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = await readUrl(child, ended);
  return {
    url,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

function readUrl(child: ChildProcess, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const url = /^(http:\S+)\n/m.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    ended.then(() => reject(new Error(`the server ended: ${text}`)));
  });
}
