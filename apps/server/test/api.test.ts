import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openDataset } from '@mememoji/train/open-dataset';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { createApp, form, type TestApp } from './app.ts';
import { Contract } from './contract.ts';
import { EXPRESSIONS, makeFace, picture } from './fakes.ts';
import { describeOnStores } from './stores.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOBODY = '00000000-0000-4000-8000-000000000000';
const FACE = makeFace(0, { x: 100, y: 50, width: 60, height: 80 });

describeOnStores('the interfaces', (current) => {
  let served: TestApp;
  let contract: Contract;
  let two: Buffer;

  beforeAll(async () => {
    served = await createApp(current());
    contract = await Contract.of(served.app);
    two = await picture(2);
    return () => served.app.close();
  }, 120_000);

  const analyze = async (query = ''): Promise<string> => {
    const headers = { 'content-type': 'image/jpeg' };
    const answer = await contract.call({ method: 'POST', url: `/v1/analyze${query}`, payload: two, headers });
    expect(answer.statusCode).toBe(200);
    return answer.json().id;
  };

  it('analyze a picture sent as the whole body, as a form and in JSON', async () => {
    const whole = { payload: two, headers: { 'content-type': 'image/jpeg' } };
    const inForm = form([{ name: 'image', value: two, file: 'a.jpg' }]);
    const inJson = { payload: { base64: two.toString('base64') } };
    const dataUrl = { payload: { base64: `data:image/jpeg;base64,${two.toString('base64')}` } };
    for (const body of [whole, inForm, inJson, dataUrl]) {
      const answer = await contract.call({ method: 'POST', url: '/v1/analyze', ...body });
      expect(answer.statusCode).toBe(200);
      const { id, faces, ...rest } = answer.json();
      expect(id).toMatch(UUID);
      expect(rest).toEqual({ stored: false, model: 'stand-in 1.2.3', image: { width: 200, height: 100 } });
      expect(faces).toHaveLength(2);
      expect(faces[1]).toMatchObject({ id: 1, box: { x: 120, y: 10, width: 60, height: 80 }, dominant: 'happy' });
      expect(faces[1].expressions).toEqual(EXPRESSIONS);
    }
  });

  it('answer no face with an empty list', async () => {
    const payload = await picture(0);
    const headers = { 'content-type': 'image/jpeg' };
    const answer = await contract.call({ method: 'POST', url: '/v1/analyze', payload, headers });
    expect(answer.json()).toMatchObject({ faces: [] });
    expect((await contract.call({ method: 'GET', url: `/v1/predictions/${answer.json().id}` })).json().faces).toEqual(
      [],
    );
  });

  it('draw and cut out on demand', async () => {
    const answer = await contract.call({
      method: 'POST',
      url: '/v1/analyze?annotate=memes',
      ...form([
        { name: 'image', value: two, file: 'a.jpg' },
        { name: 'thumbnails', value: 'true' },
      ]),
    });
    const { annotated, thumbnails } = answer.json();
    expect(await sharp(decode(annotated)).metadata()).toMatchObject({ format: 'jpeg', width: 200, height: 100 });
    expect(thumbnails).toHaveLength(2);
    expect(await sharp(decode(thumbnails[1])).metadata()).toMatchObject({ format: 'jpeg', width: 60, height: 80 });
  });

  it('answer as the original did', async () => {
    const answer = await contract.call({
      method: 'POST',
      url: '/v1.0.0/predict?crop_image=true&annotate_image=true',
      ...form([{ name: 'image_buf', value: two, file: 'a.jpg' }]),
    });
    expect(answer.statusCode).toBe(200);
    const { pic_id, faces, annotated_image, ...rest } = answer.json();
    expect(rest).toEqual({});
    expect(pic_id).toMatch(UUID);
    expect(decode(annotated_image).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    const { thumbnail, prediction, ...face } = faces[1];
    expect(face).toEqual({ index: 1, location_xy: [120, 10], width: 60, height: 80 });
    expect(await sharp(decode(thumbnail)).metadata()).toMatchObject({ format: 'jpeg', width: 60, height: 80 });
    const names = prediction.map(({ emotion }: { emotion: string }) => emotion);
    expect(names).toEqual(['angry', 'fear', 'happy', 'sad', 'surprise', 'neutral']);
    const percents = prediction.map(({ percent }: { percent: number }) => percent);
    // Disgust, 0.2, is counted as angry, 0.1.
    expect(percents).toEqual([expect.closeTo(0.3), 0.05, 0.4, 0.05, 0.1, 0.1]);
  });

  it('take the original ways to send a picture, and leave out what was not asked for', async () => {
    const image_base64 = two.toString('base64');
    const bodies = [
      { payload: { image_base64 } },
      form([{ name: 'image_base64', value: image_base64 }]),
      {
        payload: new URLSearchParams({ image_base64 }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ];
    for (const body of bodies) {
      const answer = await contract.call({ method: 'POST', url: '/v1.0.0/predict', ...body });
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({ annotated_image: null, faces: [{ thumbnail: null }, { thumbnail: null }] });
    }
  });

  it.each([
    ['no image', {}, 35842],
    ['an empty image', form([{ name: 'image_buf', value: '', file: 'a.jpg' }]), 5724],
    ['an empty image in base64', { payload: { image_base64: '' } }, 5724],
    ['something that is no image', form([{ name: 'image_buf', value: 'hello', file: 'a.jpg' }]), 2873],
    ['what is not base64', { payload: { image_base64: '%%%' } }, 2873],
    ['a wrong parameter', { payload: { image_base64: '', annotate_image: 'perhaps' } }, 2873],
    ['an address that is none', { query: { image_url: 'nonsense' } }, 2873],
    ['an address that is not public', { query: { image_url: 'http://127.0.0.1/a.jpg' } }, 2873],
  ])('tell the original code for %s', async (_what, options, code) => {
    const answer = await contract.call({ method: 'POST', url: '/v1.0.0/predict', ...options });
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status: 400, code });
    expect(Object.keys(answer.json()).sort()).toEqual(['code', 'message']);
  });

  it('remember a prediction', async () => {
    const id = await analyze();
    const { faces, created_at, ...rest } = (
      await contract.call({ method: 'GET', url: `/v1/predictions/${id}` })
    ).json();
    expect(rest).toEqual({
      id,
      model: 'stand-in 1.2.3',
      image: { width: 200, height: 100 },
      stored: false,
      feedback: [],
    });
    expect(faces[1].expressions).toEqual(EXPRESSIONS);
    expect(Date.now() - Date.parse(created_at)).toBeLessThan(60_000);
  });

  it('remember what a device has read by itself, for feedback without a picture', async () => {
    const reading = { model: 'mememoji 2', image: { width: 640, height: 480 }, faces: [FACE] };
    const created = await contract.call({ method: 'POST', url: '/v1/predictions', payload: reading });
    expect(created.statusCode).toBe(201);
    const { id } = created.json();
    await contract.call({ method: 'POST', url: '/v1/feedback', payload: { id, face: 0, expression: 'sad' } });
    const kept = (await contract.call({ method: 'GET', url: `/v1/predictions/${id}` })).json();
    expect(kept).toMatchObject({ ...reading, stored: false, feedback: [{ face: 0, expression: 'sad' }] });
  });

  it.each([
    ['no face', { faces: [] }],
    ['faces that do not count from 0', { faces: [FACE, { ...FACE, id: 2 }] }],
    ['a probability above 1', { faces: [{ ...FACE, confidence: 1.5 }] }],
    ['a name of the model that no database takes', { model: 'a\u0000' }],
    ['a picture beyond all sizes', { image: { width: 2 ** 40, height: 1 } }],
    ['more than a reading has', { picture: 'data:' }],
  ])('refuse a reading with %s', async (_what, fault) => {
    const reading = { model: 'mememoji 2', image: { width: 640, height: 480 }, faces: [FACE], ...fault };
    const answer = await contract.call({ method: 'POST', url: '/v1/predictions', payload: reading });
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status: 400, code: 'BAD_REQUEST' });
  });

  it('answer the picture itself, upright and without metadata, where it is wished for', async () => {
    const answer = await contract.call({
      method: 'POST',
      url: '/v1/analyze?picture=true',
      ...form([{ name: 'image', value: two, file: 'a.jpg' }]),
    });
    const { picture } = answer.json();
    const content = Buffer.from(picture.slice('data:image/jpeg;base64,'.length), 'base64');
    const metadata = await sharp(content).metadata();
    expect(metadata).toMatchObject({ format: 'jpeg', width: 200, height: 100 });
    expect(metadata.exif).toBeUndefined();
  });

  it('keep the image only if the sender allows it, without metadata, and delete it', async () => {
    const url = (id: string): string => `/v1/images/${id}`;
    expect((await contract.call({ method: 'GET', url: url(await analyze()) })).statusCode).toBe(404);
    const id = await analyze('?store_image=true');
    const kept = await contract.call({ method: 'GET', url: url(id) });
    expect(kept.statusCode).toBe(200);
    const metadata = await sharp(kept.rawPayload).metadata();
    expect(metadata).toMatchObject({ format: 'jpeg', width: 200, height: 100 });
    expect(metadata.exif).toBeUndefined();
    // What was sent had some: the check above would pass without.
    expect((await sharp(two).metadata()).exif).toBeInstanceOf(Buffer);
    expect((await contract.call({ method: 'DELETE', url: url(id) })).statusCode).toBe(204);
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await contract.call({ method, url: url(id) })).statusCode).toBe(404);
    }
    expect((await contract.call({ method: 'GET', url: `/v1/predictions/${id}` })).json().stored).toBe(false);
  });

  it('delete a prediction with all that belongs to it', async () => {
    const id = await analyze('?store_image=true');
    await contract.call({ method: 'POST', url: '/v1/feedback', payload: { id, face: 0, expression: 'sad' } });
    expect((await contract.call({ method: 'DELETE', url: `/v1/predictions/${id}` })).statusCode).toBe(204);
    for (const url of [`/v1/predictions/${id}`, `/v1/images/${id}`]) {
      expect((await contract.call({ method: 'GET', url })).statusCode).toBe(404);
    }
    const { db } = current().store;
    for (const table of ['faces', 'feedback', 'images'] as const) {
      expect(await db.selectFrom(table).selectAll().where('prediction_id', '=', id).execute()).toEqual([]);
    }
  });

  it('count the same feedback once, and other feedback too', async () => {
    const id = await analyze();
    const say = async (face: number, expression: string) =>
      (await contract.call({ method: 'POST', url: '/v1/feedback', payload: { id, face, expression } })).json();
    expect(await say(1, 'Happiness')).toEqual({ id, face: 1, expression: 'happy', created: true });
    expect(await say(1, 'happy')).toEqual({ id, face: 1, expression: 'happy', created: false });
    expect((await say(1, 'disgust')).created).toBe(true);
    const { feedback } = (await contract.call({ method: 'GET', url: `/v1/predictions/${id}` })).json();
    expect(feedback.map(({ face, expression }: { face: number; expression: string }) => [face, expression])).toEqual([
      [1, 'happy'],
      [1, 'disgust'],
    ]);
  });

  it('take feedback as the original did', async () => {
    const id = await analyze();
    const query = { image_id: id, face_index: '0', feedback: 'surprise' };
    const { 'content-type': type } = { 'content-type': 'application/x-www-form-urlencoded' };
    const bodies = [
      { query },
      { payload: { ...query, face_index: 0 } },
      { payload: new URLSearchParams(query).toString(), headers: { 'content-type': type } },
      form(Object.entries(query).map(([name, value]) => ({ name, value }))),
    ];
    for (const body of bodies) {
      const answer = await contract.call({ method: 'POST', url: '/v1.0.0/feedback', ...body });
      expect(answer.json()).toEqual({ image_id: id, face_index: 0, feedback: 'surprise' });
    }
    const rows = current().store.db.selectFrom('feedback').selectAll().where('prediction_id', '=', id);
    expect(await rows.execute()).toHaveLength(1);
  });

  it.each([
    ['an id of nothing', { image_id: NOBODY, face_index: 0, feedback: 'happy' }],
    ['an id that is none', { image_id: "'; drop table feedback; --", face_index: 0, feedback: 'happy' }],
    ['a face that is not there', { face_index: 2, feedback: 'happy' }],
    ['a face below 0', { face_index: -1, feedback: 'happy' }],
    ['a face that is no number', { face_index: 'one', feedback: 'happy' }],
    ['a face beyond all numbers', { face_index: 4294967296, feedback: 'happy' }],
    ['an unknown expression', { face_index: 0, feedback: 'hungry' }],
    ['no expression', { face_index: 0 }],
  ])('refuse feedback with %s', async (_what, fields) => {
    const payload = { image_id: await analyze(), ...fields };
    const answer = await contract.call({ method: 'POST', url: '/v1.0.0/feedback', payload });
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status: 400, code: 2873 });
  });

  it('list predictions page by page, each once', async () => {
    const ids = new Set([await analyze(), await analyze(), await analyze()]);
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const url = `/v1/predictions?limit=2${after === '' ? '' : `&after=${after}`}`;
      const page: { predictions: { id: string; faces: unknown[] }[]; next: string | null } = (
        await contract.call({ method: 'GET', url })
      ).json();
      expect(page.predictions.length).toBeLessThanOrEqual(2);
      seen.push(...page.predictions.map(({ id }) => id));
      after = page.next;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(-3).sort()).toEqual([...ids].sort());
    const count = await current().store.db.selectFrom('predictions').select('id').execute();
    expect(seen).toHaveLength(count.length);
  });

  it('export predictions and corrections, one a line', async () => {
    const id = await analyze('?store_image=true');
    await contract.call({ method: 'POST', url: '/v1/feedback', payload: { id, face: 0, expression: 'fear' } });
    const predictions = lines((await contract.call({ method: 'GET', url: '/v1/export/predictions' })).body);
    expect(predictions.at(-1)).toMatchObject({ id, faces: [{ id: 0 }, { id: 1 }] });
    const corrections = lines((await contract.call({ method: 'GET', url: '/v1/export/feedback' })).body);
    const own = corrections.filter((line) => JSON.stringify(line).includes(id));
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({ expression: 'fear' });
    const since = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
    expect((await contract.call({ method: 'GET', url: `/v1/export/predictions?since=${since}` })).body).toBe('');
  });

  it('export a data set that the trainer reads', async () => {
    const id = await analyze('?store_image=true');
    await contract.call({ method: 'POST', url: '/v1/feedback', payload: { id, face: 0, expression: 'fear' } });
    await contract.call({ method: 'POST', url: '/v1/feedback', payload: { id, face: 1, expression: 'happy' } });
    const zip = (await contract.call({ method: 'GET', url: '/v1/export/dataset' })).rawPayload;
    const folder = mkdtempSync(join(tmpdir(), 'mememoji-zip-'));
    const names = await unzip(zip, folder);
    expect(names.filter((name) => name.includes(id)).map((name) => name.split('/').slice(1).join('/'))).toEqual([
      `fear/${id}-0.png`,
      `happy/${id}-1.png`,
    ]);
    const dataset = await openDataset(folder);
    rmSync(folder, { recursive: true });
    expect(dataset.count).toBe(names.length);
    expect([dataset.width, dataset.height]).toEqual([48, 48]);
    expect(dataset.labels).toEqual(expect.arrayContaining(['fear', 'happy']));
  });

  it('tell of the model and of their own state', async () => {
    const { models } = (await contract.call({ method: 'GET', url: '/v1/models' })).json();
    expect(models).toMatchObject([{ name: 'stand-in', version: '1.2.3', current: true, uncertain_below: 0.5 }]);
    expect((await contract.call({ method: 'GET', url: '/health' })).json()).toEqual({ status: 'ok' });
    const { store } = (await contract.call({ method: 'GET', url: '/ready' })).json();
    expect(store).toBe(current().store.kind);
  });

  it('have been called in every operation that the document has', () => {
    const { paths } = contract.document;
    const all = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`));
    expect([...contract.called].sort()).toEqual(all.filter((one) => !one.includes('/jobs')).sort());
  });
});

function decode(dataUrl: string): Buffer {
  const [, base64] = /^data:image\/jpeg;base64,(.+)$/.exec(dataUrl) ?? [];
  return Buffer.from(base64 ?? '', 'base64');
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function unzip(zip: Buffer, folder: string): Promise<string[]> {
  const names: string[] = [];
  const file = await yauzl.fromBufferPromise(zip);
  for await (const entry of file.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await file.openReadStreamPromise(entry)) chunks.push(chunk);
    await mkdir(dirname(join(folder, entry.fileName)), { recursive: true });
    await writeFile(join(folder, entry.fileName), Buffer.concat(chunks));
    names.push(entry.fileName);
  }
  return names.sort();
}
