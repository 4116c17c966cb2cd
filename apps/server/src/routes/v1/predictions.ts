import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ServerError } from '../../error.ts';
import { errorResponses, idSchema } from '../../schemas/common.ts';
import { createdSchema, pageQuerySchema, pageSchema, predictionDetailSchema, readingSchema } from '../../schemas/v1.ts';
import type { Services } from '../../services.ts';
import { deletePrediction, isImageKept } from '../../store/kept-images.ts';
import { decodePlace, encodePlace, listPredictions } from '../../store/listing.ts';
import { addPrediction, feedbackOf, findPrediction } from '../../store/predictions.ts';
import { plainFeedback, plainPrediction } from './plain.ts';

const params = z.object({ id: idSchema });

/** Predictions: one by its id, a page of them, and deletion. */
export const predictionRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async (app) => {
    const { db } = services.store;

    app.post(
      '/predictions',
      {
        config: { scope: 'feedback' },
        schema: {
          summary: 'Remember what a device has read by itself, so that feedback can be given on it; no picture is sent',
          tags: ['v1'],
          body: readingSchema,
          response: { 201: createdSchema, ...errorResponses },
        },
      },
      async ({ body }, reply) => {
        const id = randomUUID();
        await addPrediction(db, body, { id, at: services.clock() });
        return reply.code(201).send({ id });
      },
    );

    app.get(
      '/predictions/:id',
      {
        config: { scope: 'read' },
        schema: {
          summary: 'A prediction with what was said of its faces',
          tags: ['v1'],
          params,
          response: { 200: predictionDetailSchema, ...errorResponses },
        },
      },
      async ({ params: { id } }) => {
        const record = await findPrediction(db, id);
        if (record === undefined) throw unknown(id);
        const feedback = (await feedbackOf(db, id)).map(plainFeedback);
        return { ...plainPrediction(record), stored: await isImageKept(services.store, id), feedback };
      },
    );

    app.delete(
      '/predictions/:id',
      {
        config: { scope: 'read' },
        schema: {
          summary: 'Delete a prediction with its feedback and its image',
          tags: ['v1'],
          params,
          response: { 204: z.undefined().describe('deleted'), ...errorResponses },
        },
      },
      async ({ params: { id } }, reply) => {
        if (!(await deletePrediction(services, id))) throw unknown(id);
        return reply.code(204).send();
      },
    );

    app.get(
      '/predictions',
      {
        config: { scope: 'export' },
        schema: {
          summary: 'Predictions, the oldest first, page by page',
          tags: ['v1'],
          querystring: pageQuerySchema,
          response: { 200: pageSchema, ...errorResponses },
        },
      },
      async ({ query: { limit, after, since } }) => {
        const place = after === undefined ? undefined : decodePlace(after);
        if (after !== undefined && place === undefined) throw new ServerError('BAD_REQUEST', 'after is no place');
        const page = await listPredictions(db, { limit, after: place, since: since ? new Date(since) : undefined });
        const last = page.at(-1);
        const next = last === undefined || page.length < limit ? null : encodePlace(last);
        return { predictions: page.map(plainPrediction), next };
      },
    );
  };

function unknown(id: string): ServerError {
  return new ServerError('NOT_FOUND', `there is no prediction '${id}'`);
}
