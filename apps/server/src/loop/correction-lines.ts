import sharp from 'sharp';
import { z } from 'zod';
import { ServerError } from '../error.ts';
import { expressionSchema, faceSchema, imageSizeSchema } from '../schemas/analysis.ts';
import { timeSchema } from '../schemas/common.ts';
import type { Correction, FaceCrop } from './correction.ts';

/** One line of the export: everything that is needed to put the correction into another store, and to train on it. */
const lineSchema = z.object({
  prediction_id: z.uuid(),
  predicted_at: timeSchema,
  model: z.string(),
  image: imageSizeSchema,
  /** As the model has read it. */
  face: faceSchema,
  /** What it is. */
  expression: expressionSchema,
  /** When that was said. */
  created_at: timeSchema,
  /** Grey PNG in base64; null where no picture was kept. */
  crop: z.object({ side: z.int().min(8).max(512), png: z.base64(), image_sha256: z.hex().length(64) }).nullable(),
});

export type CorrectionLine = z.infer<typeof lineSchema>;

/** A correction as a value to write as one line of NDJSON. */
export async function toLine(correction: Correction): Promise<CorrectionLine> {
  const { prediction, predictedAt, saidAt, crop, ...same } = correction;
  return {
    ...same,
    prediction_id: prediction,
    predicted_at: predictedAt.toISOString(),
    created_at: saidAt.toISOString(),
    crop: crop === undefined ? null : await toPlainCrop(crop),
  };
}

async function toPlainCrop({ pixels, side, imageSha256 }: FaceCrop): Promise<NonNullable<CorrectionLine['crop']>> {
  return { side, png: (await encodeCrop({ pixels, side })).toString('base64'), image_sha256: imageSha256 };
}

/** The picture of a face as a grey PNG. */
export function encodeCrop({ pixels, side }: Pick<FaceCrop, 'pixels' | 'side'>): Promise<Buffer> {
  return sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

/**
 * Reads one line of an export.
 * @param place for messages, such as `feedback.ndjson, line 7`
 * @throws ServerError `BAD_FEEDBACK`
 */
export async function parseLine(text: string, place: string): Promise<Correction> {
  const line = lineSchema.safeParse(parseJson(text, place));
  if (!line.success) {
    const [issue] = line.error.issues;
    throw badLine(place, `${issue?.path.join('.') || 'the line'}: ${issue?.message}`);
  }
  const { prediction_id: prediction, predicted_at, created_at, crop, ...same } = line.data;
  return {
    ...same,
    prediction,
    predictedAt: new Date(predicted_at),
    saidAt: new Date(created_at),
    crop: crop === null ? undefined : await decodeCrop(crop, place),
  };
}

async function decodeCrop(
  { side, png, image_sha256: imageSha256 }: NonNullable<CorrectionLine['crop']>,
  place: string,
): Promise<FaceCrop> {
  try {
    const picture = sharp(Buffer.from(png, 'base64'), { limitInputPixels: side * side, failOn: 'error' });
    const { data, info } = await picture.toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
    if (info.width !== side || info.height !== side || info.channels !== 1)
      throw new Error(`it is not ${side}x${side}`);
    return { pixels: new Uint8Array(data), side, imageSha256 };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw badLine(place, `crop: ${reason}`, cause);
  }
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badLine(place, 'it is not JSON', cause);
  }
}

function badLine(place: string, reason: string, cause?: unknown): ServerError {
  const hint = 'write the file with `mememoji feedback export`';
  return new ServerError('BAD_FEEDBACK', `${place}: ${reason}`, hint, { cause });
}
