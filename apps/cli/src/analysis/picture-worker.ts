/** A thread that reads the faces of pictures: one task in, one answer out. */
import { parentPort, workerData } from 'node:worker_threads';
import { type AnalyzerOptions, createAnalyzer } from 'mememoji/node';
import { isCodedError } from '../errors.ts';
import type { PictureAnswer, PictureTask, ToldError } from './picture-pool.ts';

type Analyzer = Awaited<ReturnType<typeof createAnalyzer>>;

const options: AnalyzerOptions = workerData;
await createAnalyzer(options).then(serve, (error: unknown) => {
  answer({ kind: 'broken', error: tell(error) });
  parentPort?.close();
});

function serve(analyzer: Analyzer): void {
  parentPort?.on('message', async (task: PictureTask) => {
    if (task === 'close') {
      await analyzer.close();
      parentPort?.close();
      return;
    }
    const { id, source } = task;
    try {
      answer({ kind: 'analysis', id, analysis: await analyzer.analyze(source) });
    } catch (error) {
      answer({ kind: 'failed', id, error: tell(error) });
    }
  });
}

function answer(message: PictureAnswer): void {
  parentPort?.postMessage(message);
}

function tell(error: unknown): ToldError {
  if (isCodedError(error)) return { message: error.message, code: error.code, hint: error.hint };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { message, code: undefined, hint: undefined };
}
