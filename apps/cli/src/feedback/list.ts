import type { Correction } from '@mememoji/server/loop/correction';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { alignColumns, csvLine, type Format, writeOutput } from '../output.ts';
import { openCorrections } from './source.ts';

const COLUMNS = ['prediction', 'face', 'said', 'expression', 'read_as', 'confidence', 'model', 'picture'] as const;

/** `mememoji feedback list` */
export async function listFeedback(command: Command, context: Context): Promise<void> {
  const { format, output } = command.opts<{ format: Format; output?: string }>();
  const { corrections, close } = await openCorrections(command, context);
  await writeOutput(render(corrections, format), output, context).finally(close);
}

async function* render(corrections: AsyncIterable<Correction>, format: Format): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(COLUMNS);
  if (format === 'csv' || format === 'ndjson') {
    for await (const one of corrections)
      yield format === 'csv' ? csvLine(rowOf(one)) : `${JSON.stringify(plain(one))}\n`;
    return;
  }
  const all: Correction[] = [];
  for await (const { crop, ...one } of corrections) all.push({ ...one, crop: crop && { ...crop, pixels: NONE } });
  if (format === 'json') yield `${JSON.stringify(all.map(plain), null, 2)}\n`;
  else yield alignColumns([COLUMNS, ...all.map(rowOf)]);
}

/** A list needs no pictures: a long one would only fill the memory. */
const NONE = new Uint8Array();

function rowOf({ prediction, face, saidAt, expression, model, crop }: Correction): (string | number)[] {
  const confidence = Number(face.confidence.toFixed(4));
  const said = saidAt.toISOString();
  return [prediction, face.id, said, expression, face.dominant, confidence, model, crop === undefined ? 'no' : 'yes'];
}

function plain(correction: Correction): object {
  return Object.fromEntries(rowOf(correction).map((value, i) => [COLUMNS[i], value]));
}
