/** Requests and answers of this project's own interface. */
import { z } from 'zod';
import { analysisSchema, expressionSchema, faceSchema, imageSizeSchema } from './analysis.ts';
import { booleanSchema, timeSchema } from './common.ts';

/** Options of an analysis, in the query or in the body. */
export const analyzeOptionsSchema = z.strictObject({
  store_image: booleanSchema.optional().describe('the sender allows the image to be kept'),
  annotate: z.enum(['boxes', 'memes']).optional().describe('also answer the picture with this drawn into it'),
  thumbnails: booleanSchema.optional().describe('also answer each face cut out'),
  picture: booleanSchema.optional().describe('also answer the picture itself, upright, with nothing drawn into it'),
});

const base64Schema = z.string().describe('image file in base64, also as a data URL');

export const analyzeFieldsSchema = analyzeOptionsSchema.extend({
  url: z.string().describe('address to fetch the image from, http or https').optional(),
  base64: base64Schema.optional(),
});

const fileSchema = z.string().meta({ format: 'binary', description: 'image file' });

/** For the documentation: what `POST /v1/analyze` takes. */
export const ANALYZE_BODIES = {
  'multipart/form-data': analyzeFieldsSchema.extend({ image: fileSchema.optional() }),
  'application/json': analyzeFieldsSchema,
  'image/*': fileSchema,
  'application/octet-stream': fileSchema,
};

const dataUrlSchema = z.string().describe('data URL of a JPEG');

export const analyzeAnswerSchema = analysisSchema
  .extend({
    id: z.uuid().describe('for feedback, and for the image if it is kept'),
    stored: z.boolean().describe('whether the image is kept'),
    annotated: dataUrlSchema.optional(),
    picture: dataUrlSchema.optional(),
    thumbnails: z.array(dataUrlSchema.nullable()).optional().describe('one for each face, in their order'),
  })
  .meta({ id: 'AnalyzeAnswer' });

export const predictionSchema = z
  .object({
    id: z.uuid(),
    created_at: timeSchema,
    model: z.string(),
    image: imageSizeSchema,
    faces: z.array(faceSchema),
  })
  .meta({ id: 'Prediction' });

/** Pixels of a side, and faces of a picture, of which a device may tell. */
const MOST_PIXELS = 65_535;
const MOST_FACES = 1000;

/** What a device has read by itself, to be given feedback on; the picture stays there. */
export const readingSchema = z.strictObject({
  model: z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/)
    .describe('name and version of the classifier'),
  image: z.strictObject({
    width: z.int().min(1).max(MOST_PIXELS),
    height: z.int().min(1).max(MOST_PIXELS),
  }),
  faces: z
    .array(faceSchema)
    .min(1)
    .max(MOST_FACES)
    .refine((faces) => faces.every(({ id }, index) => id === index), 'the ids of the faces count from 0')
    .describe('from left to right, with ids from 0 on'),
});

export const createdSchema = z.object({ id: z.uuid() }).meta({ id: 'Created' });

export const feedbackItemSchema = z
  .object({ face: z.int().min(0), expression: expressionSchema, created_at: timeSchema })
  .meta({ id: 'FeedbackItem' });

export const predictionDetailSchema = predictionSchema
  .extend({ stored: z.boolean(), feedback: z.array(feedbackItemSchema) })
  .meta({ id: 'PredictionDetail' });

export const feedbackFieldsSchema = z.strictObject({
  id: z.string().describe('id of the prediction'),
  face: z.coerce.number().int().min(0).describe('index of the face'),
  expression: z.string().describe('the true expression, as a person sees it; names of other tools are understood'),
});

export const feedbackAnswerSchema = z
  .object({
    id: z.uuid(),
    face: z.int(),
    expression: expressionSchema,
    created: z.boolean().describe('false if the same was said before'),
  })
  .meta({ id: 'FeedbackAnswer' });

export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  after: z.string().optional().describe('`next` of the page before'),
  since: z.iso.datetime({ offset: true }).optional().describe('only what was made then or later'),
});

export const pageSchema = z
  .object({ predictions: z.array(predictionSchema), next: z.string().nullable() })
  .meta({ id: 'PredictionPage' });

export const exportQuerySchema = pageQuerySchema.pick({ since: true });

export const modelSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    current: z.boolean().describe('whether it is the one in use'),
    labels: z.array(expressionSchema),
    input: z.object({ width: z.int(), height: z.int() }).describe('of the face as the net sees it, in pixels'),
    uncertain_below: z.number().describe('a face whose likeliest expression is below is uncertain'),
    metrics: z.record(z.string(), z.number()).describe('published numbers, for example privateTest.accuracy'),
    trained: z.string().describe('date'),
  })
  .meta({ id: 'Model' });

export const modelsSchema = z.object({ models: z.array(modelSchema) }).meta({ id: 'Models' });
