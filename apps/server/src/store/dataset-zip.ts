import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import yazl from 'yazl';
import { type Correction, isHeldOut } from '../loop/correction.ts';
import { encodeCrop } from '../loop/correction-lines.ts';

/** Bytes that may wait to be read before further faces are cut out. */
const AHEAD = 1024 * 1024;

/**
 * A zip file of the corrected faces, laid out as `mememoji train --data` takes a folder: `train/happy/ID-0.png`, with
 * `publictest/` for those that are only to measure on. Faces without a kept picture are left out. It is made while it is read.
 */
export function zipDataset(corrections: AsyncIterable<Correction>): Readable {
  const zip = new yazl.ZipFile();
  const output = new PassThrough({ highWaterMark: AHEAD });
  zip.outputStream.pipe(output);
  addFaces(zip, corrections, output).then(
    () => zip.end(),
    (error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return output;
}

async function addFaces(zip: yazl.ZipFile, corrections: AsyncIterable<Correction>, output: PassThrough): Promise<void> {
  for await (const { prediction, face, expression, crop, saidAt } of corrections) {
    if (output.destroyed) return;
    if (crop === undefined) continue;
    const split = isHeldOut(crop.imageSha256) ? 'publictest' : 'train';
    const png = await encodeCrop(crop);
    zip.addBuffer(png, `${split}/${expression}/${prediction}-${face.id}.png`, { mtime: saidAt, compress: false });
    while (output.writableLength > AHEAD / 2 && !output.destroyed) await drained(output);
  }
}

function drained(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done).off('data', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
    setImmediate(() => {
      if (stream.writableLength === 0) done();
    });
  });
}
