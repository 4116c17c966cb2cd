/** A thread with both networks: one image in, its faces out. Decoding and cropping stay off the server's event loop. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { decodeImage } from 'mememoji/decode';
import { MememojiError } from 'mememoji/error';
import { createAnalyzer } from 'mememoji/node';
import type { Reading } from './image-analyzer.ts';
import type { PlainError, WorkerAnswer, WorkerRequest, WorkerSettings } from './messages.ts';
import { makePictures } from './pictures.ts';

type Analyzer = Awaited<ReturnType<typeof createAnalyzer>>;

if (parentPort !== null) await serve(parentPort, workerData);

async function serve(port: MessagePort, settings: WorkerSettings): Promise<void> {
  const answer = (message: WorkerAnswer): void => port.postMessage(message);
  try {
    const analyzer = await createAnalyzer({ ...settings, threads: 1 });
    await analyzer.warmup();
    port.on('message', async (request: WorkerRequest) => {
      if (request === 'end') {
        await analyzer.close();
        port.close();
        return;
      }
      await read(analyzer, request, settings.maxPixels).then(
        (reading) => answer({ reading }),
        (error: unknown) => answer({ error: toPlain(error) }),
      );
    });
    answer({ spec: analyzer.spec });
  } catch (error) {
    answer({ error: toPlain(error) });
  }
}

/** The image is decoded once for all that is made of it. */
async function read(
  analyzer: Analyzer,
  { image, wishes }: Exclude<WorkerRequest, 'end'>,
  maxPixels: number,
): Promise<Reading> {
  const pixels = await decodeImage(image, maxPixels);
  const analysis = await analyzer.analyze(pixels);
  const wished = wishes.annotate !== undefined || wishes.thumbnails || wishes.picture || wishes.keep;
  return wished ? { ...analysis, pictures: await makePictures(pixels, analysis.faces, wishes) } : analysis;
}

function toPlain(error: unknown): PlainError {
  if (error instanceof MememojiError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: undefined, message: error instanceof Error ? String(error.stack) : String(error), hint: undefined };
}
