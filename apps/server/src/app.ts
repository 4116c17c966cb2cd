import { readFileSync } from 'node:fs';
import './http/types.ts';
import multipart from '@fastify/multipart';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ImageAnalyzer } from './analysis/image-analyzer.ts';
import { AnalysisQueue } from './analysis/queue.ts';
import type { ServerConfig } from './config/options.ts';
import { installAccess } from './http/access.ts';
import { installAdmission } from './http/admission.ts';
import { answerBrokenRequest } from './http/broken-request.ts';
import { installDocs, installSwaggerUi } from './http/docs.ts';
import { answerError, installErrors } from './http/errors.ts';
import { createImageFetcher, type FetchParts } from './http/fetch-image.ts';
import { installMetrics } from './http/metrics.ts';
import { installSecurity } from './http/security.ts';
import { base64Limit, installBodyParsers } from './http/upload.ts';
import { installWebApp } from './http/web-app.ts';
import type { Jobs } from './jobs/jobs.ts';
import { healthRoutes } from './routes/health.ts';
import { analyzeRoutes } from './routes/v1/analyze.ts';
import { exportRoutes } from './routes/v1/export.ts';
import { feedbackRoutes } from './routes/v1/feedback.ts';
import { imageRoutes } from './routes/v1/images.ts';
import { jobRoutes } from './routes/v1/jobs.ts';
import { modelRoutes } from './routes/v1/models.ts';
import { predictionRoutes } from './routes/v1/predictions.ts';
import { installOriginalErrors } from './routes/v1-0-0/errors.ts';
import { originalFeedbackRoutes } from './routes/v1-0-0/feedback.ts';
import { predictRoutes } from './routes/v1-0-0/predict.ts';
import type { Services } from './services.ts';
import type { ImageFiles } from './store/image-files.ts';
import type { Store } from './store/store.ts';

/** What an app is made of. The app uses these parts and does not close them. */
export interface AppParts {
  config: ServerConfig;
  store: Store;
  files: ImageFiles;
  analyzer: ImageAnalyzer;
  /** The queue in front of the analyzer, where jobs share it; one of its own if left out. */
  queue?: AnalysisQueue;
  /** Background work; without it there are no routes for it. */
  jobs?: Jobs;
  /** The time; the system's if left out. */
  clock?: () => Date;
  /** Fastify's logger or its options; silent if left out. */
  logger?: FastifyServerOptions['logger'];
  /** What stands in the place of the network where addresses are fetched. */
  fetchParts?: FetchParts;
}

/** Fields of a form besides the image. */
const MOST_FIELDS = 20;
/** Bytes of a JSON body or a simple form that brings no image. */
const SMALL_BODY = 64 * 1024;
/** Milliseconds between two looks for requests that take too long. */
const LOOK_MS = 1000;

/**
 * The whole HTTP interface, not yet listening: tests call it with `inject`.
 * @returns call `listen`, and `close` at the end.
 */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const services = toServices(parts);
  const { config, queue } = services;
  const app = createFastify(parts);
  installErrors(app);
  await installSecurity(app, config);
  await installAccess(app, services);
  installAdmission(app, services);
  await app.register(multipart, { limits: formLimits(config.maxUploadBytes) });
  installBodyParsers(app);
  if (config.docs) await installDocs(app, version());
  installMetrics(app, queue);
  await installRoutes(app, services);
  if (parts.jobs !== undefined) await app.register(jobRoutes(parts.jobs, services), { prefix: '/v1' });
  await installWebApp(app, config.webDir);
  return app;
}

function createFastify({ config, logger = false }: AppParts): FastifyInstance {
  const requestTimeout = config.requestTimeout * 1000;
  const app = Fastify({
    logger,
    trustProxy: config.trustProxy,
    bodyLimit: SMALL_BODY,
    requestTimeout,
    // Node exchanges the two limits if that for the head, a minute by default, is the longer one.
    http: { connectionsCheckingInterval: LOOK_MS, requestTimeout, headersTimeout: requestTimeout },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerError,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  return app;
}

function toServices(parts: AppParts): Services {
  const { config, store, files, analyzer, clock = () => new Date(), fetchParts } = parts;
  const { maxUploadBytes: maxBytes, fetchTimeout, fetchRedirects: redirects, fetchPorts: ports } = config;
  const limits = { maxBytes, timeout: fetchTimeout * 1000, redirects, ports };
  const fetchImage = config.fetchUrls ? createImageFetcher(limits, fetchParts) : undefined;
  const queue = parts.queue ?? new AnalysisQueue(analyzer, config.queue);
  return { config, store, files, analyzer, queue, fetchImage, clock };
}

async function installRoutes(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(healthRoutes(services));
  await app.register(
    async (original) => {
      installOriginalErrors(original);
      await original.register(predictRoutes(services));
      await original.register(originalFeedbackRoutes(services));
    },
    { prefix: '/v1.0.0' },
  );
  for (const routes of [analyzeRoutes, predictionRoutes, imageRoutes, feedbackRoutes, exportRoutes, modelRoutes]) {
    await app.register(routes(services), { prefix: '/v1' });
  }
  if (services.config.docs) await installSwaggerUi(app);
}

/** A form may bring its image as a file or, in base64, as a field. */
function formLimits(maxUploadBytes: number) {
  return {
    fileSize: maxUploadBytes,
    files: 1,
    fields: MOST_FIELDS,
    parts: MOST_FIELDS + 1,
    fieldSize: base64Limit(maxUploadBytes),
    fieldNameSize: 100,
    headerPairs: 100,
  };
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : 'unknown';
}
