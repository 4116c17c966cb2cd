import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../bin/mememoji.js', import.meta.url));
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  input?: string | Uint8Array;
  nodeArgs?: string[];
  env?: NodeJS.ProcessEnv;
}

/** Runs the real command in a process of its own, in `cwd`, with `input` on standard input. */
export function run(
  args: readonly string[],
  { cwd = ROOT, input = '', nodeArgs = [], env = process.env }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, ['--conditions=source', ...nodeArgs, BIN, ...args], { cwd, env });
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.stderr += text;
  });
  child.stdin.on('error', () => undefined); // a command that fails early does not read it
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}
