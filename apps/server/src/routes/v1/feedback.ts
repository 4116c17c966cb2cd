import { EXPRESSIONS, parseExpression } from '@mememoji/vision/expression';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { ServerError } from '../../error.ts';
import { readUpload } from '../../http/upload.ts';
import { errorResponses, parseInput } from '../../schemas/common.ts';
import { feedbackAnswerSchema, feedbackFieldsSchema } from '../../schemas/v1.ts';
import type { Services } from '../../services.ts';
import { addFeedback } from '../../store/feedback.ts';

const BODIES = { 'application/json': feedbackFieldsSchema, 'multipart/form-data': feedbackFieldsSchema };

/** `POST /v1/feedback`: the true expression of a face. */
export const feedbackRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/feedback',
      {
        config: { scope: 'feedback', bodies: BODIES },
        schema: {
          summary: 'Tell the true expression of a face',
          tags: ['v1'],
          response: { 200: feedbackAnswerSchema, ...errorResponses },
        },
      },
      async (request) => {
        const { fields } = await readUpload(request, '', services.config.maxUploadBytes);
        const { id, face, expression: label } = parseInput(feedbackFieldsSchema, fields);
        const expression = parseExpression(label);
        if (expression === undefined) {
          throw new ServerError('BAD_REQUEST', 'expression is unknown', `it is one of ${EXPRESSIONS.join(', ')}`);
        }
        const created = await addFeedback(services.store.db, { prediction: id, face, expression }, services.clock());
        return { id, face, expression, created };
      },
    );
  };
