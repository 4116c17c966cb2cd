import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Correction, isHeldOut } from '@mememoji/server/loop/correction';
import { encodeCrop, toLine } from '@mememoji/server/loop/correction-lines';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { writeOutput } from '../output.ts';
import { writeFolderWhole } from '../whole-files.ts';
import { openCorrections } from './source.ts';

/** `mememoji feedback export` */
export async function exportFeedback(command: Command, context: Context): Promise<void> {
  const { output, dataset } = command.opts<{ output?: string; dataset?: string }>();
  const { corrections, close } = await openCorrections(command, context);
  try {
    if (dataset === undefined) return await writeOutput(linesOf(corrections), output, context);
    const { written, left } = await writeFolderWhole(dataset, (folder) => writeDataset(corrections, folder));
    const rest = left === 0 ? '' : `; ${left} corrections have no picture`;
    context.stderr.write(`mememoji: ${written} pictures are in ${dataset}${rest}\n`);
  } finally {
    await close();
  }
}

async function* linesOf(corrections: AsyncIterable<Correction>): AsyncGenerator<string> {
  for await (const correction of corrections) yield `${JSON.stringify(await toLine(correction))}\n`;
}

/** As `mememoji train --data` takes a folder: `train/happy/ID-0.png`, with `publictest` for what is only to measure on. */
async function writeDataset(
  corrections: AsyncIterable<Correction>,
  folder: string,
): Promise<{ written: number; left: number }> {
  const count = { written: 0, left: 0 };
  for await (const { prediction, face, expression, crop } of corrections) {
    if (crop === undefined) {
      count.left++;
      continue;
    }
    const place = join(folder, isHeldOut(crop.imageSha256) ? 'publictest' : 'train', expression);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${prediction}-${face.id}.png`), await encodeCrop(crop));
    count.written++;
  }
  return count;
}
