/** Requests and answers of the jobs. */
import { z } from 'zod';
import { faceSchema, imageSizeSchema } from './analysis.ts';
import { timeSchema } from './common.ts';

export const jobOptionsSchema = z.strictObject({
  fps: z.coerce.number().positive().max(1000).optional().describe('of a video: at most so many frames a second'),
});

/** For the documentation: what `POST /v1/jobs` takes. */
export const JOB_BODIES = {
  'multipart/form-data': jobOptionsSchema.extend({
    files: z.array(z.string().meta({ format: 'binary' })).meta({
      description: 'pictures and archives of pictures (ZIP, TAR, TAR.GZ), or one video; field names do not matter',
    }),
  }),
};

const jobErrorSchema = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });

export const jobSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(['images', 'video']),
    status: z.enum(['uploading', 'queued', 'running', 'finished', 'cancelled', 'failed']),
    created_at: timeSchema,
    started_at: timeSchema.nullable(),
    finished_at: timeSchema.nullable(),
    total: z.int().nullable().describe('pictures, or frames of the video; null while it is not known'),
    done: z.int().describe('with a result, be it an error'),
    failed: z.int().describe('whose result is an error'),
    skipped: z.int().describe('files of archives that are no pictures'),
    error: jobErrorSchema.nullable().describe('why the whole job failed'),
  })
  .meta({ id: 'Job' });

const placeShape = {
  item: z.int().describe('number of the picture in the order of sending, or of the frame'),
  name: z.string().describe('as the client called the file; of an archive with the path in it'),
};

const facesSchema = z.array(faceSchema.extend({ raw: faceSchema.shape.expressions.optional() }));

export const jobResultSchema = z
  .union([
    z.object({ ...placeShape, model: z.string(), image: imageSizeSchema, faces: facesSchema }),
    z.object({ ...placeShape, frame: z.int(), timestamp: z.number().describe('seconds'), faces: facesSchema }),
    z.object({ ...placeShape, error: jobErrorSchema }),
  ])
  .meta({ id: 'JobResult' });

export const resultsQuerySchema = z.strictObject({
  after: z.coerce.number().int().min(-1).default(-1).describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const resultsSchema = z
  .object({
    results: z.array(jobResultSchema),
    next: z.int().nullable().describe('for `after`; null after the last result of a job that has ended'),
  })
  .meta({ id: 'JobResults' });
