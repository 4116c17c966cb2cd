import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { goneSignal } from '../../http/admission.ts';
import { resolveImage } from '../../http/image-source.ts';
import { base64Limit, readUpload } from '../../http/upload.ts';
import { type Prediction, predict, toDataUrl } from '../../predict.ts';
import { errorResponses, parseInput } from '../../schemas/common.ts';
import { ANALYZE_BODIES, analyzeAnswerSchema, analyzeFieldsSchema, analyzeOptionsSchema } from '../../schemas/v1.ts';
import type { Services } from '../../services.ts';

const NAMES = { file: 'image', base64: 'base64', url: 'url' };

/** `POST /v1/analyze`: one picture, as a form, as JSON or as the whole body. */
export const analyzeRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async (app) => {
    const { maxUploadBytes } = services.config;
    app.post(
      '/analyze',
      {
        bodyLimit: base64Limit(maxUploadBytes),
        config: { scope: 'analyze', upload: true, bodies: ANALYZE_BODIES },
        schema: {
          summary: 'Find the faces of a picture and read their expressions',
          tags: ['v1'],
          querystring: analyzeOptionsSchema,
          response: { 200: analyzeAnswerSchema, ...errorResponses },
        },
      },
      async (request, reply) => {
        const { file, fields } = await readUpload(request, NAMES.file, maxUploadBytes);
        const input = parseInput(analyzeFieldsSchema, { ...request.query, ...fields });
        const image = await resolveImage({ file, base64: input.base64, url: input.url }, NAMES, services);
        const prediction = await predict(services, image, {
          annotate: input.annotate,
          thumbnails: input.thumbnails,
          picture: input.picture,
          storeImage: input.store_image ?? false,
          signal: goneSignal(reply),
        });
        return toAnswer(prediction);
      },
    );
  };

function toAnswer({ id, stored, reading }: Prediction): z.output<typeof analyzeAnswerSchema> {
  const { pictures, ...analysis } = reading;
  const { annotated, thumbnails, picture } = pictures ?? {};
  return {
    id,
    stored,
    ...analysis,
    ...(annotated && { annotated: toDataUrl(annotated) }),
    ...(picture && { picture: toDataUrl(picture) }),
    ...(thumbnails && { thumbnails: thumbnails.map((one) => (one === undefined ? null : toDataUrl(one))) }),
  };
}
