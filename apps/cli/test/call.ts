import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Interrupt } from '../src/context.ts';
import { main } from '../src/main.ts';
import type { Outcome } from './run.ts';

/** Runs the command in this process, which is much faster than in one of its own. */
export async function call(argv: readonly string[], input: Uint8Array | string = ''): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdin = Readable.from([Buffer.from(input)], { objectMode: false });
  const texts = Promise.all([text(stdout), text(stderr)]);
  const code = await main([...argv], { stdin, stdout, stderr, env: process.env, interrupt: new Interrupt() });
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { code, stdout: out, stderr: err };
}
