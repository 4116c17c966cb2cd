import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ServerError } from '../../error.ts';
import { asFormError, readParts } from '../../http/upload.ts';
import type { JobRecord } from '../../jobs/job-store.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { csvOf, plainResult } from '../../jobs/result-rows.ts';
import type { Submission } from '../../jobs/submission.ts';
import { errorResponses, parseInput } from '../../schemas/common.ts';
import { JOB_BODIES, jobOptionsSchema, jobSchema, resultsQuerySchema, resultsSchema } from '../../schemas/jobs.ts';
import type { Services } from '../../services.ts';
import { isId } from '../../store/uuid.ts';

const NDJSON = 'application/x-ndjson';

const paramsSchema = z.object({ id: z.string().describe('id of the job') });

/** Jobs: many pictures, an archive of them or a video, analyzed in the background. */
export const jobRoutes =
  (jobs: Jobs, { config }: Pick<Services, 'config'>): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/jobs',
      {
        config: { scope: 'analyze', bodies: JOB_BODIES },
        schema: {
          summary: 'Analyze many pictures, an archive or a video in the background',
          tags: ['jobs'],
          querystring: jobOptionsSchema,
          response: { 202: jobSchema, ...errorResponses },
        },
      },
      async (request, reply) => {
        if (!request.isMultipart()) {
          throw new ServerError('UNSUPPORTED_TYPE', 'a job is sent as a form', 'use multipart/form-data');
        }
        const job = await submit(request, jobs, config);
        return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(plainJob(job));
      },
    );

    app.get(
      '/jobs/:id',
      {
        config: { scope: 'analyze' },
        schema: {
          summary: 'How far a job is',
          tags: ['jobs'],
          params: paramsSchema,
          response: { 200: jobSchema, ...errorResponses },
        },
      },
      async ({ params }) => plainJob(await find(jobs, params.id)),
    );

    app.get(
      '/jobs/:id/results',
      {
        config: { scope: 'analyze' },
        schema: {
          summary: 'What came out of a job, page by page',
          tags: ['jobs'],
          params: paramsSchema,
          querystring: resultsQuerySchema,
          response: { 200: resultsSchema, ...errorResponses },
        },
      },
      async ({ params, query }) => toPage(jobs, await find(jobs, params.id), query),
    );

    app.get(
      '/jobs/:id/results.ndjson',
      {
        config: { scope: 'analyze', answer: { type: NDJSON, description: 'one JSON object a line' } },
        schema: { summary: 'All results of a job, one a line', tags: ['jobs'], params: paramsSchema },
      },
      async ({ params }, reply) => {
        const job = await find(jobs, params.id);
        return reply.type(NDJSON).send(Readable.from(ndjsonOf(jobs.allResults(job))));
      },
    );

    app.get(
      '/jobs/:id/results.csv',
      {
        config: { scope: 'analyze', answer: { type: 'text/csv', description: 'one row a face' } },
        schema: { summary: 'All results of a job as a table', tags: ['jobs'], params: paramsSchema },
      },
      async ({ params }, reply) => {
        const job = await find(jobs, params.id);
        const rows = csvOf(jobs.allResults(job), job.kind === 'video');
        return reply.type('text/csv; charset=utf-8').send(Readable.from(rows));
      },
    );

    app.delete(
      '/jobs/:id',
      {
        config: { scope: 'analyze' },
        schema: {
          summary: 'Cancel a job; one that has ended is removed with its results',
          tags: ['jobs'],
          params: paramsSchema,
          response: { 200: jobSchema, 204: z.null(), ...errorResponses },
        },
      },
      async ({ params }, reply) => {
        const job = await find(jobs, params.id);
        if (await jobs.cancel(job.id)) return plainJob(await find(jobs, job.id));
        await jobs.remove(job.id);
        return reply.code(204).send(null);
      },
    );
  };

async function find(jobs: Jobs, id: string): Promise<JobRecord> {
  const job = isId(id) ? await jobs.read(id) : undefined;
  if (job === undefined) throw new ServerError('NOT_FOUND', `there is no job '${id}'`);
  return job;
}

/** Files pass through a folder of their own one after the other: none is held in memory. */
async function submit(request: FastifyRequest, jobs: Jobs, config: Services['config']): Promise<JobRecord> {
  const folder = await mkdtemp(join(tmpdir(), 'mememoji-job-'));
  const fields: Record<string, unknown> = {};
  try {
    const settings = parseInput(jobOptionsSchema, request.query);
    return await jobs.submit(settings, async (submission) => {
      const limits = { fileSize: config.jobBytes, files: config.jobItems, fields: 20, parts: config.jobItems + 20 };
      for await (const part of readParts(request, limits)) {
        if (part.type === 'file') await addFile(submission, part, join(folder, 'upload'));
        else fields[part.fieldname] = part.value;
      }
      await submission.change(parseInput(jobOptionsSchema, { ...settings, ...fields }));
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function addFile(submission: Submission, { file, filename }: MultipartFile, path: string): Promise<void> {
  await pipeline(file, createWriteStream(path)).catch((error: unknown) => {
    throw asFormError(error);
  });
  if (file.truncated) throw new ServerError('UPLOAD_TOO_LARGE', `'${filename}' is larger than a job may be`);
  await submission.add(path, filename);
}

async function toPage(jobs: Jobs, job: JobRecord, { after, limit }: z.output<typeof resultsQuerySchema>) {
  const results = await jobs.results(job, after, limit);
  const mayHaveMore = results.length === limit || job.finished_at === null;
  return { results: results.map(plainResult), next: mayHaveMore ? (results.at(-1)?.item ?? after) : null };
}

async function* ndjsonOf(results: ReturnType<Jobs['allResults']>): AsyncGenerator<string> {
  for await (const result of results) yield `${JSON.stringify(plainResult(result))}\n`;
}

function plainJob(job: JobRecord): z.input<typeof jobSchema> {
  const { id, kind, status, total, done, failed, skipped, error } = job;
  const time = (date: Date | null): string | null => date?.toISOString() ?? null;
  return {
    id,
    kind,
    status,
    created_at: job.created_at.toISOString(),
    started_at: time(job.started_at),
    finished_at: time(job.finished_at),
    total,
    done,
    failed,
    skipped,
    error,
  };
}
