import { mergeDisgust, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import type { Face } from '@mememoji/vision/result';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { goneSignal } from '../../http/admission.ts';
import { resolveImage } from '../../http/image-source.ts';
import { base64Limit, readUpload } from '../../http/upload.ts';
import { type Prediction, predict, toDataUrl } from '../../predict.ts';
import { parseInput } from '../../schemas/common.ts';
import {
  originalErrors,
  PREDICT_BODIES,
  predictAnswerSchema,
  predictFieldsSchema,
  predictQuerySchema,
} from '../../schemas/v1-0-0.ts';
import type { Services } from '../../services.ts';

type Answer = z.output<typeof predictAnswerSchema>;

const NAMES = { file: 'image_buf', base64: 'image_base64', url: 'image_url' };

/** `POST /v1.0.0/predict` of the original. */
export const predictRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async (app) => {
    const { maxUploadBytes } = services.config;
    app.post(
      '/predict',
      {
        bodyLimit: base64Limit(maxUploadBytes),
        config: { scope: 'analyze', upload: true, bodies: PREDICT_BODIES },
        schema: {
          summary: 'Find the faces of a picture and read their emotions, as the original Mememoji answers it',
          tags: ['v1.0.0'],
          querystring: predictQuerySchema,
          response: { 200: predictAnswerSchema, ...originalErrors },
        },
      },
      async (request, reply) => {
        const { file, fields } = await readUpload(request, NAMES.file, maxUploadBytes);
        const input = parseInput(predictFieldsSchema, { ...request.query, ...fields });
        const sources = { file, base64: input.image_base64, url: input.image_url };
        const image = await resolveImage(sources, NAMES, services);
        const prediction = await predict(services, image, {
          annotate: input.annotate_image ? 'boxes' : undefined,
          thumbnails: input.crop_image,
          storeImage: input.store_image ?? false,
          signal: goneSignal(reply),
        });
        return toAnswer(prediction);
      },
    );
  };

function toAnswer({ id, reading: { faces, pictures } }: Prediction): Answer {
  return {
    pic_id: id,
    faces: faces.map((face, i) => toFace(face, pictures?.thumbnails?.[i])),
    annotated_image: pictures?.annotated === undefined ? null : toDataUrl(pictures.annotated),
  };
}

function toFace({ id, box, expressions }: Face, thumbnail: Uint8Array | undefined): Answer['faces'][number] {
  const six = mergeDisgust(expressions);
  return {
    index: id,
    location_xy: [Math.round(box.x), Math.round(box.y)],
    width: Math.round(box.width),
    height: Math.round(box.height),
    prediction: SIX_EXPRESSIONS.map((emotion) => ({ emotion, percent: Math.min(1, six[emotion]) })),
    thumbnail: thumbnail === undefined ? null : toDataUrl(thumbnail),
  };
}
