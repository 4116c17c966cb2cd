import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { errorResponses } from '../../schemas/common.ts';
import { type modelSchema, modelsSchema } from '../../schemas/v1.ts';
import type { Services } from '../../services.ts';

/** `GET /v1/models`: what the server reads expressions with. */
export const modelRoutes =
  ({ analyzer }: Services): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/models',
      {
        config: { scope: 'analyze' },
        schema: {
          summary: 'The model in use, as its file describes itself',
          tags: ['v1'],
          response: { 200: modelsSchema, ...errorResponses },
        },
      },
      async () => ({ models: [toModel(analyzer.spec)] }),
    );
  };

function toModel(spec: ClassifierSpec): z.output<typeof modelSchema> {
  const { name, version, labels, input, uncertainBelow, metrics, training } = spec;
  return {
    name,
    version,
    current: true,
    labels,
    input: { width: input.width, height: input.height },
    uncertain_below: uncertainBelow,
    metrics,
    trained: training.date,
  };
}
