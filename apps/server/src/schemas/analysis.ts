/** The shape of a result, as everywhere in this project, for the edges of the API. */
import { EXPRESSIONS } from '@mememoji/vision/expression';
import type { Analysis, Face } from '@mememoji/vision/result';
import { z } from 'zod';

const pixels = z.number().describe('pixels of the upright image, origin top left');
const probability = z.number().min(0).max(1);
const point = z.object({ x: pixels, y: pixels });

export const expressionSchema = z.enum(EXPRESSIONS);

export const faceSchema = z
  .object({
    id: z.int().min(0).describe('index within the image, from left to right'),
    box: z.object({ x: pixels, y: pixels, width: z.number(), height: z.number() }),
    detection: z.number().describe("the detector's score, 0..1"),
    landmarks: z.object({
      rightEye: point,
      leftEye: point,
      nose: point,
      mouth: point,
      rightEar: point,
      leftEar: point,
    }),
    expressions: z
      .object({
        angry: probability,
        disgust: probability,
        fear: probability,
        happy: probability,
        sad: probability,
        surprise: probability,
        neutral: probability,
      })
      .describe('calibrated probabilities, together 1'),
    dominant: expressionSchema.describe('the likeliest expression'),
    confidence: probability.describe('its probability'),
    doubts: z.array(z.enum(['unclear', 'small', 'turned', 'blurred'])).readonly(),
    uncertain: z.boolean().describe('whether there is any doubt'),
  })
  .meta({ id: 'Face' }) satisfies z.ZodType<Face>;

export const imageSizeSchema = z.object({ width: z.int(), height: z.int() }).describe('of the upright image');

export const analysisSchema = z.object({
  model: z.string().describe('name and version of the classifier'),
  image: imageSizeSchema,
  faces: z.array(faceSchema).describe('from left to right; none is no error'),
}) satisfies z.ZodType<Analysis>;
