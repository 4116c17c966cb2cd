import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorSchema } from '../schemas/common.ts';
import type { Services } from '../services.ts';

const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
const readySchema = z
  .object({ status: z.literal('ready'), model: z.string(), store: z.string() })
  .meta({ id: 'Ready' });

/** `/health`: the process lives. `/ready`: it can do its work, that is the store answers. */
export const healthRoutes =
  ({ store, analyzer }: Services): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/health',
      { schema: { summary: 'Whether the process lives', tags: ['state'], response: { 200: healthSchema } } },
      async () => ({ status: 'ok' as const }),
    );
    app.get(
      '/ready',
      {
        schema: {
          summary: 'Whether it can do its work',
          tags: ['state'],
          response: { 200: readySchema, 503: errorSchema },
        },
      },
      async () => {
        await store.ping();
        const { name, version } = analyzer.spec;
        return { status: 'ready' as const, model: `${name} ${version}`, store: store.kind };
      },
    );
  };
