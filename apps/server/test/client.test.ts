import type { FastifyInstance } from 'fastify';
import {
  type AnalyzeAnswer,
  ApiError,
  createClient,
  type FeedbackAnswer,
  type PredictionDetail,
  type ServerModel,
} from 'mememoji/client';
import type { Job, JobResult } from 'mememoji/client-jobs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { jobResultSchema, jobSchema } from '../src/schemas/jobs.ts';
import type {
  analyzeAnswerSchema,
  feedbackAnswerSchema,
  modelSchema,
  predictionDetailSchema,
} from '../src/schemas/v1.ts';
import { createApp, openTestStore, type TestStore } from './app.ts';
import { Contract } from './contract.ts';
import { EXPRESSIONS, picture } from './fakes.ts';

describe('mememoji/client', () => {
  let opened: TestStore;
  let app: FastifyInstance;
  let contract: Contract;

  beforeAll(async () => {
    opened = await openTestStore();
    ({ app } = await createApp(opened));
    contract = await Contract.of(app);
  }, 300_000);
  afterAll(async () => {
    await app?.close();
    await opened?.remove();
  }, 60_000);

  /** Lets the OpenAPI document judge what the client asks and what it is answered. */
  const judged: typeof fetch = async (input, init) => {
    const method = init?.method ?? 'GET';
    if (method !== 'GET' && method !== 'POST' && method !== 'DELETE') throw new Error(`${method} is not known`);
    const body = init?.body;
    const payload =
      body instanceof Blob
        ? Buffer.from(await body.arrayBuffer())
        : body instanceof Uint8Array
          ? Buffer.from(body)
          : String(body ?? '');
    const headers = Object.fromEntries(new Headers(init?.headers));
    const answer = await contract.call({ method, url: String(input), headers, ...(body ? { payload } : {}) });
    const empty = answer.statusCode === 204;
    return new Response(empty ? null : new Uint8Array(answer.rawPayload), {
      status: answer.statusCode,
      headers: { 'content-type': String(answer.headers['content-type'] ?? '') },
    });
  };
  const client = createClient({ fetch: judged });

  it('has the types of the document', () => {
    expectTypeOf<z.output<typeof analyzeAnswerSchema>>().toExtend<AnalyzeAnswer>();
    expectTypeOf<AnalyzeAnswer>().toExtend<z.output<typeof analyzeAnswerSchema>>();
    expectTypeOf<z.output<typeof predictionDetailSchema>>().toExtend<PredictionDetail>();
    expectTypeOf<PredictionDetail>().toExtend<z.output<typeof predictionDetailSchema>>();
    expectTypeOf<z.output<typeof feedbackAnswerSchema>>().toExtend<FeedbackAnswer>();
    expectTypeOf<FeedbackAnswer>().toExtend<z.output<typeof feedbackAnswerSchema>>();
    expectTypeOf<z.output<typeof modelSchema>>().toExtend<ServerModel>();
    expectTypeOf<ServerModel>().toExtend<z.output<typeof modelSchema>>();
    expectTypeOf<z.output<typeof jobSchema>>().toExtend<Job>();
    expectTypeOf<Job>().toExtend<z.output<typeof jobSchema>>();
    expectTypeOf<z.output<typeof jobResultSchema>>().toExtend<JobResult>();
    expectTypeOf<JobResult>().toExtend<z.output<typeof jobResultSchema>>();
  });

  it('does everything that the document offers to one who analyzes', async () => {
    const jpeg = new Uint8Array(await picture(2));
    const reading = await client.analyze(jpeg, {
      storeImage: true,
      annotate: 'boxes',
      thumbnails: true,
      picture: true,
    });
    const { id, faces, stored, annotated, thumbnails } = reading;
    expect({ faces: faces.length, stored, thumbnails: thumbnails?.length }).toEqual({
      faces: 2,
      stored: true,
      thumbnails: 2,
    });
    expect(faces[0]!.expressions).toEqual(EXPRESSIONS);
    for (const one of [annotated, reading.picture]) expect(one).toMatch(/^data:image\/jpeg;base64,/);
    const remembered = await client.remember(reading);
    expect(await client.prediction(remembered)).toMatchObject({ id: remembered, faces, stored: false });
    expect(await client.feedback(id, 1, 'sad')).toEqual({ id, face: 1, expression: 'sad', created: true });
    expect(await client.prediction(id)).toMatchObject({ id, stored: true, feedback: [{ face: 1, expression: 'sad' }] });
    const image = Buffer.from(await (await client.image(id)).arrayBuffer());
    expect((await sharp(image).metadata()).width).toBe(200);
    await client.deleteImage(id);
    await client.deletePrediction(id);
    expect(await client.models()).toMatchObject([{ name: 'stand-in', current: true }]);
    // Exports are files for people and other programs; jobs have a test beside their own.
    const called = [...contract.called].filter((one) => /\/v1\//.test(one) && !/export|jobs/.test(one));
    const { paths } = contract.document;
    const offered = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    const wanted = offered.filter(
      (one) => /\/v1\//.test(one) && !/export|jobs/.test(one) && one !== 'get /v1/predictions',
    );
    expect(called.sort()).toEqual(wanted.sort());
  });

  it('reads all pages', async () => {
    const since = new Date();
    const blob = new Blob([new Uint8Array(await picture(0))]);
    const ids = [await client.analyze(blob), await client.analyze(blob)].map(({ id }) => id);
    const seen: string[] = [];
    for await (const { id } of client.predictions(since)) seen.push(id);
    expect(seen.sort()).toEqual(ids.sort());
  });

  it('throws what the server refuses, with its code', async () => {
    const error: unknown = await client.analyze(new URL('http://127.0.0.1/a.jpg')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'REQUEST_FAILED', status: 400, serverCode: 'URL_REFUSED' });
    const busy = createClient({
      fetch: async () =>
        new Response('{"code":"BUSY","message":"busy"}', { status: 429, headers: { 'retry-after': '3' } }),
    });
    await expect(busy.models()).rejects.toMatchObject({ status: 429, serverCode: 'BUSY', retryAfter: 3 });
    const proxy = createClient({ fetch: async () => new Response('<html>', { status: 502 }) });
    await expect(proxy.models()).rejects.toMatchObject({ status: 502, serverCode: 'UNKNOWN' });
  });

  it('sends its key and finds its server', async () => {
    const asked: [string, string | null][] = [];
    const { models } = createClient({
      baseUrl: 'https://faces.example.org/',
      key: 'mk_secret',
      fetch: async (input, init) => {
        asked.push([String(input), new Headers(init?.headers).get('authorization')]);
        return Response.json({ models: [] });
      },
    });
    expect(await models()).toEqual([]);
    expect(asked).toEqual([['https://faces.example.org/v1/models', 'Bearer mk_secret']]);
  });
});
