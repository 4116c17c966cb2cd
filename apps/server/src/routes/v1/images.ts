import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ServerError } from '../../error.ts';
import { errorResponses, idSchema } from '../../schemas/common.ts';
import type { Services } from '../../services.ts';
import { deleteKeptImage, readKeptImage } from '../../store/kept-images.ts';

const params = z.object({ id: idSchema });

/** Kept images by the id of their prediction. */
export const imageRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/images/:id',
      {
        config: { scope: 'read', answer: { type: 'image/jpeg', description: 'upright, without metadata' } },
        schema: {
          summary: 'The kept image of a prediction',
          tags: ['v1'],
          params,
        },
      },
      async ({ params: { id } }, reply) => {
        const jpeg = await readKeptImage(services, id);
        if (jpeg === undefined) throw unknown(id);
        reply.type('image/jpeg').header('cache-control', 'private, no-store');
        return reply.send(jpeg);
      },
    );

    app.delete(
      '/images/:id',
      {
        config: { scope: 'read' },
        schema: {
          summary: 'Delete the kept image of a prediction; the prediction stays',
          tags: ['v1'],
          params,
          response: { 204: z.undefined().describe('deleted'), ...errorResponses },
        },
      },
      async ({ params: { id } }, reply) => {
        if (!(await deleteKeptImage(services, id))) throw unknown(id);
        return reply.code(204).send();
      },
    );
  };

function unknown(id: string): ServerError {
  return new ServerError('NOT_FOUND', `no image is kept of '${id}'`, 'send store_image=true to have one kept');
}
