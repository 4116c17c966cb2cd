import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartialConfig } from '../src/config/options.ts';
import { createApp, openTestStore, type TestApp, type TestStore } from './app.ts';
import { picture } from './fakes.ts';

describe('under load', () => {
  let opened: TestStore;
  let body: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    opened = await openTestStore();
    body = new Uint8Array(await picture(1));
  }, 300_000);
  afterAll(() => opened?.remove(), 60_000);

  const serve = async (config: PartialConfig): Promise<TestApp & { url: string }> => {
    const served = await createApp(opened, config, { parallel: 1 });
    return { ...served, url: await served.app.listen({ host: '127.0.0.1', port: 0 }) };
  };
  const send = (url: string, signal: AbortSignal | null = null): Promise<Response> =>
    fetch(`${url}/v1/analyze`, { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body, signal });
  const gauge = async (url: string, name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^mememoji_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  };
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('the server refuses what it cannot queue, and answers all that it has taken', async () => {
    const { app, analyzer, url } = await serve({ queue: 2 });
    const release = analyzer.hold();
    const taken: Promise<Response>[] = [];
    for (let i = 0; i < 3; i++) {
      taken.push(send(url));
      await until(async () => (await gauge(url, 'queue_running')) + (await gauge(url, 'queue_waiting')) === i + 1);
    }
    const refused = await send(url);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ code: 'BUSY' });
    const original = await fetch(`${url}/v1.0.0/predict`, { method: 'POST' });
    expect({ status: original.status, code: (await original.json()).code }).toEqual({ status: 429, code: 429 });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    release();
    for (const answer of await Promise.all(taken)) expect(answer.status).toBe(200);
    expect((await send(url)).status).toBe(200);
    expect(await gauge(url, 'refused_total')).toBe(2);
    await app.close();
  }, 120_000);

  it('uploads that are under way are counted, and their places come back', async () => {
    const { app, url } = await serve({ maxUploads: 2 });
    const headers = { 'content-type': 'image/jpeg', 'content-length': '1000' };
    const slow = [1, 2].map(() => request(`${url}/v1/analyze`, { method: 'POST', headers }));
    for (const one of slow) {
      one.on('error', () => undefined); // it is broken off below
      one.write('a');
    }
    await until(async () => (await send(url)).status === 429);
    for (const one of slow) one.destroy();
    await until(async () => (await send(url)).status === 200);
    await app.close();
  }, 120_000);

  it('a client that has gone costs no analysis', async () => {
    const { app, analyzer, url } = await serve({});
    const release = analyzer.hold();
    const first = send(url);
    await until(async () => (await gauge(url, 'queue_running')) === 1);
    const controller = new AbortController();
    const gone = expect(send(url, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    await until(async () => (await gauge(url, 'queue_waiting')) === 1);
    controller.abort();
    await gone;
    await new Promise((resolve) => setTimeout(resolve, 100));
    release();
    expect((await first).status).toBe(200);
    await until(async () => (await gauge(url, 'queue_running')) === 0);
    expect(analyzer.count).toBe(1);
    await app.close();
  }, 120_000);

  it('a server that is stopped answers what it has taken, and takes nothing more', async () => {
    const { app, analyzer, url } = await serve({});
    const release = analyzer.hold();
    const taken = send(url);
    await until(async () => (await gauge(url, 'queue_running')) === 1);
    const closed = app.close();
    await expect(
      (async () => {
        for (;;) if ((await fetch(`${url}/health`)).status === 503) throw new Error('stopping');
      })(),
    ).rejects.toThrow();
    release();
    expect((await taken).status).toBe(200);
    await closed;
  }, 120_000);
});
