import { createClient } from 'mememoji/client';
import { expect, it, onTestFinished } from 'vitest';
import type { AnalysisQueue } from '../../src/analysis/queue.ts';
import { completeConfig } from '../../src/config/config.ts';
import type { JobRecord } from '../../src/jobs/job-store.ts';
import { saveResults } from '../../src/jobs/job-store.ts';
import { openJobs } from '../../src/jobs/open-jobs.ts';
import { IMAGES } from '../../src/jobs/work-queue.ts';
import { createApp, form } from '../app.ts';
import { Contract } from '../contract.ts';
import { createStandIn, picture } from '../fakes.ts';
import { describeOnStores } from '../stores.ts';
import { zipOf } from './zip.ts';

const upload = (name: string, value: Uint8Array) => ({ name: 'files', file: name, value });

describeOnStores('jobs', (current) => {
  /** An app with jobs; without `works` nobody does them. */
  async function open({ works = true, jobItems = 100 } = {}) {
    const test = current();
    const config = completeConfig({ dataDir: test.dataDir, jobItems });
    const analyzer = createStandIn();
    const errors: unknown[] = [];
    const queue: Pick<AnalysisQueue, 'analyzeInBackground'> = {
      analyzeInBackground: (image) => analyzer.analyze(image),
    };
    const opened = await openJobs({
      config,
      store: test.store,
      queue,
      parallel: 2,
      model: async () => undefined,
      works,
      env: {},
      onError: (error) => errors.push(error),
    });
    const { app } = await createApp(test, { jobItems }, { jobs: opened.jobs });
    onTestFinished(async () => {
      await app.close();
      await opened.close();
    });
    const contract = await Contract.of(app);
    const get = (url: string) => contract.call({ method: 'GET', url });
    const send = (parts: Parameters<typeof form>[0]) =>
      contract.call({ method: 'POST', url: '/v1/jobs', ...form(parts) });
    const read = async (id: string) => (await get(`/v1/jobs/${id}`)).json();
    const remove = (id: string) => contract.call({ method: 'DELETE', url: `/v1/jobs/${id}` });
    return { app, analyzer, errors, get, send, read, remove, ...opened };
  }

  async function ended(read: (id: string) => Promise<JobRecord>, id: string): Promise<JobRecord> {
    for (let i = 0; i < 300; i++) {
      const job = await read(id);
      if (job.finished_at !== null) return job;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the job ${id} did not end`);
  }

  it('analyze pictures and an archive, and answer in the order of sending', async () => {
    const { get, send, read, errors } = await open();
    const zip = zipOf([
      { name: 'a/two.png', bytes: await picture(2) },
      { name: 'notes.txt', bytes: Buffer.from('hello') },
      { name: 'none.png', bytes: await picture(0) },
    ]);
    const answer = await send([
      upload('one.png', await picture(1)),
      upload('more.zip', zip),
      upload('broken.jpg', Buffer.from('no picture')),
    ]);
    expect(answer.statusCode).toBe(202);
    const { id, status, total, skipped } = answer.json();
    expect({ total, skipped }).toEqual({ total: 4, skipped: 1 });
    expect(status).toMatch(/^(queued|running|finished)$/); // the worker may be quick
    expect(answer.headers.location).toBe(`/v1/jobs/${id}`);
    const job = await ended(read, id);
    expect(job).toMatchObject({ status: 'finished', kind: 'images', total: 4, done: 4, failed: 1, error: null });
    const page = (await get(`/v1/jobs/${id}/results?limit=3`)).json();
    expect(page.results.map(({ name, faces }: { name: string; faces: object[] }) => [name, faces.length])).toEqual([
      ['one.png', 1],
      ['more.zip/a/two.png', 2],
      ['more.zip/none.png', 0],
    ]);
    expect(page.results[0]).toMatchObject({ item: 0, model: 'stand-in 1.2.3', image: { width: 100, height: 100 } });
    const rest = (await get(`/v1/jobs/${id}/results?after=${page.next}`)).json();
    expect(rest).toMatchObject({
      next: null,
      results: [{ item: 3, name: 'broken.jpg', error: { code: 'NOT_AN_IMAGE' } }],
    });
    const ndjson = (await get(`/v1/jobs/${id}/results.ndjson`)).body.trim().split('\n');
    expect(ndjson.map((line) => JSON.parse(line).item)).toEqual([0, 1, 2, 3]);
    const csv = (await get(`/v1/jobs/${id}/results.csv`)).body.trim().split('\n');
    expect(csv).toHaveLength(1 + 1 + 2 + 1 + 1);
    expect(csv[0]).toMatch(/^item,name,face_id,x,y,width,height,detection,success,angry,/);
    expect(csv.at(-1)).toMatch(/^3,broken\.jpg,,,,,,,0,,.*,NOT_AN_IMAGE$/);
    expect(errors).toEqual([]);
  });

  it('are sent, followed to their end and removed by the client', async () => {
    const { app } = await open();
    const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
    const { jobs } = createClient({ baseUrl });
    const { id } = await jobs.create({
      'one.png': new Uint8Array(await picture(1)),
      'more.zip': new Blob([new Uint8Array(zipOf([{ name: 'two.png', bytes: await picture(2) }]))]),
      'broken.jpg': new Uint8Array(Buffer.from('no picture')),
    });
    const found: [string, number | string][] = [];
    for await (const result of jobs.results(id, { interval: 20 })) {
      found.push([result.name, 'faces' in result ? result.faces.length : result.error.code]);
    }
    expect(found).toEqual([
      ['one.png', 1],
      ['more.zip/two.png', 2],
      ['broken.jpg', 'NOT_AN_IMAGE'],
    ]);
    expect(await jobs.read(id)).toMatchObject({ id, status: 'finished', done: 3, failed: 1 });
    await jobs.remove(id);
    await expect(jobs.read(id)).rejects.toMatchObject({ status: 404, serverCode: 'NOT_FOUND' });
  });

  it('are left by a client that is stopped, at once', async () => {
    const { app } = await open({ works: false });
    const { jobs } = createClient({ baseUrl: await app.listen({ host: '127.0.0.1', port: 0 }) });
    const { id } = await jobs.create({ 'one.png': new Uint8Array(await picture(1)) });
    const stop = new AbortController();
    const next = jobs.results(id, { interval: 600_000, signal: stop.signal }).next();
    setTimeout(() => stop.abort(new Error('enough')), 200);
    await expect(next).rejects.toThrow('enough');
  });

  it('are refused where there is nothing to do, too much, or something else than a form', async () => {
    const { app, get, send, remove } = await open({ works: false, jobItems: 2 });
    const codeOf = async (sent: Promise<{ json: () => { code: string }; statusCode: number }>) => {
      const answer = await sent;
      return [answer.statusCode, answer.json().code];
    };
    const one = await picture(0);
    const many = zipOf(['1.png', '2.png', '3.png'].map((name) => ({ name, bytes: one })));
    expect(await codeOf(send([]))).toEqual([400, 'BAD_JOB']);
    expect(await codeOf(send([upload('a.zip', zipOf([{ name: 'a.txt', bytes: one }]))]))).toEqual([400, 'BAD_JOB']);
    expect(await codeOf(send([upload('a.zip', many)]))).toEqual([422, 'BAD_ARCHIVE']);
    expect(await codeOf(send([upload('a.zip', zipOf([{ name: '../a.png', bytes: one }]))]))).toEqual([
      422,
      'BAD_ARCHIVE',
    ]);
    expect(await codeOf(send([{ name: 'fps', value: '-1' }, upload('a.png', one)]))).toEqual([400, 'BAD_REQUEST']);
    const body = { url: '/v1/jobs', method: 'POST', payload: { a: 1 } } as const;
    expect(await codeOf(app.inject(body))).toEqual([415, 'UNSUPPORTED_TYPE']);
    for (const id of ['x', '00000000-0000-4000-8000-000000000000']) {
      expect((await get(`/v1/jobs/${id}`)).statusCode).toBe(404);
      expect((await remove(id)).statusCode).toBe(404);
    }
    const { rows } = await current().store.executeSql("select 1 from jobs where status = 'uploading'");
    expect(rows, 'nothing is left of what was refused').toEqual([]);
  });

  const head = '--x\r\ncontent-disposition: form-data; name="files"; filename="a.png"\r\n\r\n';
  it.each([
    ['no boundary', 'multipart/form-data', 'a'],
    ['no end', 'multipart/form-data; boundary=x', head + 'a'.repeat(100_000)],
    ['an end in the head of a part', 'multipart/form-data; boundary=x', head.slice(0, 30)],
  ])('are refused where the form has %s, and nothing of them stays', async (_, type, payload) => {
    const { app, errors } = await open({ works: false });
    const answer = await app.inject({ method: 'POST', url: '/v1/jobs', payload, headers: { 'content-type': type } });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'BAD_REQUEST']);
    expect(answer.json().message).toContain('the form is damaged');
    expect(errors).toEqual([]);
  });

  it('end soon when cancelled, keep what is done, and go when deleted again', async () => {
    const { analyzer, get, send, read, remove } = await open();
    const release = analyzer.hold();
    const one = await picture(1);
    const { id } = (await send(Array.from({ length: 40 }, (_, i) => upload(`${i}.png`, one)))).json();
    const cancelled = (await remove(id)).json();
    expect(cancelled).toMatchObject({ status: 'cancelled', total: 40 });
    release();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const job = await read(id);
    expect(job).toMatchObject({ status: 'cancelled', done: 0 });
    expect(analyzer.count).toBeLessThan(5);
    expect((await remove(id)).statusCode).toBe(204);
    expect((await get(`/v1/jobs/${id}`)).statusCode).toBe(404);
  });

  it('give no result behind a gap while they run', async () => {
    const { get, send, jobs } = await open({ works: false });
    const one = await picture(0);
    const { id } = (await send([upload('a.png', one), upload('b.png', one), upload('c.png', one)])).json();
    const result = (item: number) => ({ item, name: 'x', analysis: null, error: { code: 'X', message: 'x' } });
    expect(await saveResults(current().store.db, id, [result(2)], new Date())).toBe('running');
    const results = async () => (await get(`/v1/jobs/${id}/results`)).json();
    expect(await results()).toEqual({ results: [], next: -1 });
    await saveResults(current().store.db, id, [result(0)], new Date());
    expect(await results()).toMatchObject({ results: [{ item: 0 }], next: 0 });
    expect(await saveResults(current().store.db, id, [result(0), result(1)], new Date())).toBe('finished');
    expect(await results()).toMatchObject({ results: [{ item: 0 }, { item: 1 }, { item: 2 }], next: null });
    expect(await jobs.read(id)).toMatchObject({ done: 3, failed: 3 });
    expect(await saveResults(current().store.db, id, [result(1)], new Date())).toBeUndefined();
  });

  it('come to an end where an item fails each time that it is tried', { timeout: 120_000 }, async () => {
    const { analyzer, boss, send, read, errors } = await open();
    analyzer.analyze = async () => {
      throw new Error('the networks are on fire');
    };
    await boss.updateQueue(IMAGES, { retryLimit: 1, retryDelay: 0, retryBackoff: false });
    onTestFinished(() => boss.updateQueue(IMAGES, { retryLimit: 5, retryDelay: 1, retryBackoff: true }));
    const { id } = (await send([upload('a.png', await picture(1))])).json();
    expect(await ended(read, id)).toMatchObject({ status: 'finished', done: 1, failed: 1 });
    expect(errors.length).toBeGreaterThanOrEqual(2);
  });

  it('are swept when their time is over', async () => {
    const { get, send, read, jobs } = await open();
    const { id } = (await send([upload('a.png', await picture(1))])).json();
    await ended(read, id);
    expect(await jobs.sweep()).toBe(0);
    const ago = new Date(Date.now() - 8 * 24 * 3600_000).toISOString();
    await current().store.executeSql('update jobs set finished_at = $1 where id = $2', [ago, id]);
    expect(await jobs.sweep()).toBe(1);
    expect((await get(`/v1/jobs/${id}`)).statusCode).toBe(404);
  });
});
