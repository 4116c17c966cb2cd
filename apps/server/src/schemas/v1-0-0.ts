/** Requests and answers of the original Mememoji's interface, whose names it fixed. */
import { SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { z } from 'zod';
import { booleanSchema } from './common.ts';

export const originalErrorSchema = z
  .object({
    code: z.int().describe('2873: invalid parameter, 35842: no image given, 5724: empty image; else the status'),
    message: z.string(),
  })
  .meta({ id: 'OriginalError' });

export const originalErrors = { '4xx': originalErrorSchema, '5xx': originalErrorSchema };

export const predictQuerySchema = z.object({
  image_url: z.string().optional().describe('address to fetch the image from'),
  annotate_image: booleanSchema.optional().describe('also answer the picture with the faces drawn into it'),
  crop_image: booleanSchema.optional().describe('also answer each face cut out'),
  store_image: booleanSchema.optional().describe('the sender allows the image to be kept'),
});

export const predictFieldsSchema = predictQuerySchema.extend({
  image_base64: z.string().optional().describe('image file in base64'),
});

const fileSchema = z.string().meta({ format: 'binary', description: 'image file' });

/** For the documentation: what `POST /v1.0.0/predict` takes. */
export const PREDICT_BODIES = {
  'multipart/form-data': predictFieldsSchema.extend({ image_buf: fileSchema.optional() }),
  'application/json': predictFieldsSchema,
  'application/x-www-form-urlencoded': predictFieldsSchema,
};

const dataUrlSchema = z.string().nullable().describe('data URL of a JPEG; null unless it was asked for');

export const predictAnswerSchema = z
  .object({
    pic_id: z.uuid(),
    faces: z.array(
      z.object({
        index: z.int(),
        location_xy: z.tuple([z.int(), z.int()]).describe('top left corner'),
        width: z.int(),
        height: z.int(),
        prediction: z.array(z.object({ emotion: z.enum(SIX_EXPRESSIONS), percent: z.number().min(0).max(1) })),
        thumbnail: dataUrlSchema,
      }),
    ),
    annotated_image: dataUrlSchema,
  })
  .meta({ id: 'OriginalPrediction' });

export const originalFeedbackSchema = z.object({
  image_id: z.string().describe('pic_id of the prediction'),
  face_index: z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.int().min(0)),
  feedback: z.enum(SIX_EXPRESSIONS).describe('the true expression'),
});

/** Every field may stand in the query or in the body. */
export const FEEDBACK_BODIES = {
  'application/json': originalFeedbackSchema,
  'application/x-www-form-urlencoded': originalFeedbackSchema,
  'multipart/form-data': originalFeedbackSchema,
};

export const originalFeedbackAnswerSchema = z
  .object({ image_id: z.uuid(), face_index: z.int(), feedback: z.enum(SIX_EXPRESSIONS) })
  .meta({ id: 'OriginalFeedback' });
