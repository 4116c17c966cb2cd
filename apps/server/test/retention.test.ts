import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openImageFolder } from '../src/store/image-files.ts';
import { keepImage } from '../src/store/kept-images.ts';
import { addPrediction } from '../src/store/predictions.ts';
import { sweep } from '../src/store/retention.ts';
import { startSweeper } from '../src/sweeper.ts';
import { createApp } from './app.ts';
import { makeFace, picture } from './fakes.ts';
import { describeOnStores } from './stores.ts';

const DAY = 24 * 60 * 60 * 1000;

describeOnStores('retention', (current) => {
  let payload: Buffer;
  let now = new Date('2026-03-01T12:00:00Z');
  const later = (days: number): Date => new Date(now.getTime() + days * DAY);

  beforeAll(async () => {
    payload = await picture(1);
  });

  const images = () => ({ store: current().store, files: openImageFolder(join(current().dataDir, 'images')) });
  const fileOf = (id: string): string => join(current().dataDir, 'images', id.slice(0, 2), `${id}.jpg`);

  it('deletes an image when its time is over, the file too, and keeps the prediction', async () => {
    const { app } = await createApp(current(), { imageDays: 7 }, { clock: () => now });
    const send = async (): Promise<string> => {
      const headers = { 'content-type': 'image/jpeg' };
      return (await app.inject({ method: 'POST', url: '/v1/analyze?store_image=true', payload, headers })).json().id;
    };
    const first = await send();
    now = later(3);
    const second = await send();
    now = later(-3);
    expect(await sweep(images(), { now: later(6.9), recordDays: 0 })).toEqual({ images: 0, predictions: 0 });
    expect(await sweep(images(), { now: later(7), recordDays: 0 })).toEqual({ images: 1, predictions: 0 });
    expect([existsSync(fileOf(first)), existsSync(fileOf(second))]).toEqual([false, true]);
    expect((await app.inject(`/v1/images/${first}`)).statusCode).toBe(404);
    expect((await app.inject(`/v1/images/${second}`)).statusCode).toBe(200);
    expect((await app.inject(`/v1/predictions/${first}`)).json()).toMatchObject({ stored: false, faces: [{ id: 0 }] });
    await app.close();
    expect(await sweep(images(), { now: later(10), recordDays: 0 })).toEqual({ images: 1, predictions: 0 });
    expect(existsSync(fileOf(second))).toBe(false);
  });

  it('deletes whole predictions where the operator says so', async () => {
    const add = async (at: Date): Promise<string> => {
      const id = crypto.randomUUID();
      const faces = [makeFace(0, { x: 0, y: 0, width: 10, height: 10 })];
      await addPrediction(current().store.db, { model: 'm', image: { width: 10, height: 10 }, faces }, { id, at });
      await keepImage(images(), id, payload, { at, days: 0 });
      return id;
    };
    const old = await add(later(-400));
    const young = await add(later(-300));
    expect(await sweep(images(), { now, recordDays: 365 })).toEqual({ images: 0, predictions: 1 });
    const left = await current().store.db.selectFrom('predictions').select('id').execute();
    expect(left.map(({ id }) => id)).toContain(young);
    expect(left.map(({ id }) => id)).not.toContain(old);
    expect([existsSync(fileOf(old)), existsSync(fileOf(young))]).toEqual([false, true]);
  });

  it('goes on where a file is gone already, and after a crash between row and file', async () => {
    const id = crypto.randomUUID();
    const { db } = current().store;
    await addPrediction(db, { model: 'm', image: { width: 10, height: 10 }, faces: [] }, { id, at: now });
    const crash = { ...images().files, write: () => Promise.reject(new Error('no space')) };
    await expect(
      keepImage({ store: current().store, files: crash }, id, payload, { at: now, days: 1 }),
    ).rejects.toThrow();
    expect(await sweep(images(), { now: later(1), recordDays: 0 })).toEqual({ images: 1, predictions: 0 });
    expect(await db.selectFrom('images').selectAll().where('prediction_id', '=', id).execute()).toEqual([]);
  });

  it('is looked after by a timer, with a clock of its own', async () => {
    const id = crypto.randomUUID();
    await addPrediction(current().store.db, { model: 'm', image: { width: 1, height: 1 }, faces: [] }, { id, at: now });
    await keepImage(images(), id, payload, { at: now, days: 1 });
    let time = later(0.5);
    const swept = Promise.withResolvers<unknown>();
    const stop = startSweeper(images(), {
      every: 20,
      recordDays: 0,
      clock: () => time,
      onSwept: swept.resolve,
      onError: swept.reject,
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(existsSync(fileOf(id))).toBe(true);
    time = later(1.1);
    expect(await swept.promise).toEqual({ images: 1, predictions: 0 });
    await stop();
    expect(existsSync(fileOf(id))).toBe(false);
  });
});
