import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readUpload } from '../../http/upload.ts';
import { parseInput } from '../../schemas/common.ts';
import {
  FEEDBACK_BODIES,
  originalErrors,
  originalFeedbackAnswerSchema,
  originalFeedbackSchema,
} from '../../schemas/v1-0-0.ts';
import type { Services } from '../../services.ts';
import { addFeedback } from '../../store/feedback.ts';

/** Only texts: what is valid is decided when query and body are put together. */
const querySchema = z.object({
  image_id: z.string().optional(),
  face_index: z.string().optional(),
  feedback: z.string().optional(),
});

/** `POST /v1.0.0/feedback` of the original: the true emotion of a face. */
export const originalFeedbackRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/feedback',
      {
        config: { scope: 'feedback', bodies: FEEDBACK_BODIES },
        schema: {
          summary: 'Tell the true emotion of a face',
          tags: ['v1.0.0'],
          querystring: querySchema,
          response: { 200: originalFeedbackAnswerSchema, ...originalErrors },
        },
      },
      async (request) => {
        const { fields } = await readUpload(request, '', services.config.maxUploadBytes);
        const said = parseInput(originalFeedbackSchema, { ...request.query, ...fields });
        const { image_id: prediction, face_index: face, feedback: expression } = said;
        await addFeedback(services.store.db, { prediction, face, expression }, services.clock());
        return said;
      },
    );
  };
