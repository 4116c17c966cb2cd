import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { toLine } from '../../loop/correction-lines.ts';
import { readCorrections } from '../../loop/corrections.ts';
import { exportQuerySchema } from '../../schemas/v1.ts';
import type { Services } from '../../services.ts';
import { zipDataset } from '../../store/dataset-zip.ts';
import { allPredictions } from '../../store/listing.ts';
import { plainPrediction } from './plain.ts';

const NDJSON = 'application/x-ndjson';

/** Everything that the server remembers, to be taken elsewhere. */
export const exportRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/export/predictions',
      {
        config: { scope: 'export', answer: { type: NDJSON, description: 'one JSON object a line' } },
        schema: {
          summary: 'All predictions, one a line',
          tags: ['v1'],
          querystring: exportQuerySchema,
        },
      },
      async ({ query: { since } }, reply) => {
        const predictions = allPredictions(services.store.db, since === undefined ? undefined : new Date(since));
        return reply.type(NDJSON).send(Readable.from(predictionLines(predictions)));
      },
    );

    app.get(
      '/export/feedback',
      {
        config: { scope: 'export', answer: { type: NDJSON, description: 'one JSON object a line' } },
        schema: {
          summary: 'All corrections with their faces, one a line; `mememoji feedback import` takes them',
          tags: ['v1'],
        },
      },
      async (_request, reply) => reply.type(NDJSON).send(Readable.from(correctionLines(services))),
    );

    app.get(
      '/export/dataset',
      {
        config: {
          scope: 'export',
          answer: { type: 'application/zip', description: 'folders by split and expression' },
        },
        schema: {
          summary: 'The corrected faces as a data set: unpacked, `mememoji train --data` takes it',
          tags: ['v1'],
        },
      },
      async (_request, reply) => {
        reply.header('content-disposition', 'attachment; filename="feedback.zip"');
        return reply.type('application/zip').send(zipDataset(readCorrections(services, services.analyzer.spec)));
      },
    );
  };

async function* predictionLines(predictions: ReturnType<typeof allPredictions>): AsyncGenerator<string> {
  for await (const prediction of predictions) yield `${JSON.stringify(plainPrediction(prediction))}\n`;
}

async function* correctionLines(services: Services): AsyncGenerator<string> {
  for await (const correction of readCorrections(services, services.analyzer.spec)) {
    yield `${JSON.stringify(await toLine(correction))}\n`;
  }
}
