import { listOptions } from '@mememoji/server/config/config';
import { startWorkerProcess } from '@mememoji/server/job-worker-process';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { wholeNumber, withExamples } from '../options.ts';
import { readServerConfig } from '../server-config.ts';
import { untilStopped } from '../until-stopped.ts';

/** The options of `serve` that mean something to a worker. */
const SHARED = new Set([
  'dataDir',
  'databaseUrl',
  'databaseConnections',
  'model',
  'analyzers',
  'maxPixels',
  'jobFiles',
  'jobDays',
]);

/** `mememoji worker`: one more process, on whatever machine, that works on the jobs of a server. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('work on the jobs of a server, or on the trials of sweeps, on this machine too')
    .option('--config <file>', 'JSON file with options, as for serve')
    .option('--trainings', "work on the trials of sweeps that 'mememoji sweep --queue' has put into the queue", false)
    .option('--threads <number>', 'with --trainings: processor threads', wholeNumber(1), 2);
  for (const { name, flag, meaning, variable, default: value } of listOptions()) {
    const shown = value === '' ? variable : `${value}; ${variable}`;
    if (SHARED.has(name)) command.option(`${flag} <value>`, `${meaning.replaceAll('`', '')} (${shown})`);
  }
  command.action(async ({ trainings, threads }: { trainings: boolean; threads: number }, self: Command) => {
    const stopped = untilStopped(context);
    const { stderr: log, env } = context;
    const worker = await startWorkerProcess(await readServerConfig(self, context), { log, env, trainings, threads });
    await stopped;
    await worker.close();
  });
  return withExamples(command, [
    'DATABASE_URL=postgres://me@db/mememoji mememoji worker --job-files s3://pictures/jobs',
    'DATABASE_URL=postgres://me@db/mememoji mememoji worker --trainings --threads 8',
  ]);
}
