/** The parts of the entry that need no browser: the worker's client, the loading of files, the check of WebGPU. */
import { MememojiError } from 'mememoji/error';
import type { Networks } from 'mememoji/networks';
import type { Session, Tensor } from 'mememoji/session';
import { largestDifference } from 'mememoji/web/agreement';
import { loadFiles } from 'mememoji/web/load';
import { createHandlers } from 'mememoji/web/service';
import { WorkerClient } from 'mememoji/web/worker-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SPEC } from '../fakes.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

class FakeWorker extends EventTarget {
  sent: { id: number; kind: string }[] = [];
  terminated = 0;
  postMessage(message: { id: number; kind: string }): void {
    this.sent.push(message);
  }
  terminate(): void {
    this.terminated++;
  }
  answer(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: MememojiError) => [error.code, error.message, error.hint]);

describe('WorkerClient', () => {
  let worker: FakeWorker;
  let client: WorkerClient;
  beforeEach(() => {
    worker = new FakeWorker();
    client = new WorkerClient(worker as unknown as Worker);
  });
  const warmup = () => client.call('warmup', { detection: 'photo' });

  it('settles each call by the answer to it, and makes errors whole again', async () => {
    const calls = [warmup(), warmup(), warmup()].map(outcome);
    worker.answer({ id: 2, result: 'third' });
    worker.answer({ id: 0, error: { code: 'BAD_PIXELS', message: 'wrong', hint: 'right' } });
    worker.answer({ id: 1, result: 'second' });
    worker.answer({ id: 1, result: 'nobody asked' });
    expect(await Promise.all(calls)).toEqual([['BAD_PIXELS', 'wrong', 'right'], 'second', 'third']);
    expect(worker.sent.map(({ kind }) => kind)).toEqual(['warmup', 'warmup', 'warmup']);
  });

  it('fails calls under way and later ones when it is closed, once', async () => {
    const underWay = outcome(warmup());
    client.close();
    client.close();
    expect(await underWay).toMatchObject(['CLOSED', 'the analyzer is closed', 'create a new one']);
    expect(await outcome(warmup())).toMatchObject(['CLOSED', {}, {}]);
    expect([worker.sent.length, worker.terminated]).toEqual([1, 1]);
    expect(client.ended.reason).toBeInstanceOf(MememojiError);
  });

  it('fails everything when the worker does', async () => {
    const underWay = outcome(warmup());
    worker.dispatchEvent(Object.assign(new Event('error'), { message: 'out of memory' }));
    const failed = ['RUNTIME_FAILED', 'the worker has failed (out of memory)', expect.anything()];
    expect(await underWay).toEqual(failed);
    expect(await outcome(warmup())).toEqual(failed);
    expect(worker.terminated).toBe(1);
  });

  it('says CROSS_ORIGIN of a picture that the browser does not hand over', async () => {
    worker.postMessage = () => {
      throw new DOMException('not origin-clean', 'DataCloneError');
    };
    expect(await outcome(warmup())).toMatchObject(['CROSS_ORIGIN', {}, {}]);
  });
});

describe('loadFiles', () => {
  const kept = new Map<string, Response>();
  let answer: (url: string) => Response;
  beforeEach(() => {
    kept.clear();
    const match = async (url: string) => kept.get(url)?.clone();
    const put = async (url: string, response: Response) => {
      await response.clone().arrayBuffer();
      kept.set(url, response);
    };
    vi.stubGlobal('caches', { open: async () => ({ match, put }) });
    vi.stubGlobal('location', { href: 'http://page/folder/' });
    vi.stubGlobal('fetch', async (url: string) => answer(url));
  });
  const file = (text: string, headers = {}) =>
    new Response(text, { headers: { 'content-length': `${text.length}`, ...headers } });
  const texts = (files: Uint8Array[]) => files.map((bytes) => new TextDecoder().decode(bytes));

  it('loads in order, tells the bytes of all together, and copies what is there', async () => {
    const urls: string[] = [];
    answer = (url) => {
      urls.push(url);
      return file(url.endsWith('a') ? 'first' : 'another');
    };
    const progress: [number, number][] = [];
    const own = new TextEncoder().encode('own');
    const files = await loadFiles(['a', 'http://else/b', own], { onProgress: (...bytes) => progress.push(bytes) });
    expect(texts(files)).toEqual(['first', 'another', 'own']);
    expect(urls).toEqual(['http://page/folder/a', 'http://else/b']);
    expect(progress.at(-1)).toEqual([15, 15]);
    for (const [loaded, total] of progress) expect(loaded).toBeLessThanOrEqual(total);
    files[2]![0] = 0;
    expect(own[0]).not.toBe(0);
  });

  it('counts right where a server compresses and tells the size of that', async () => {
    answer = () => file('longer than it says', { 'content-length': '3' });
    const progress: [number, number][] = [];
    await loadFiles(['a'], { onProgress: (...bytes) => progress.push(bytes) });
    expect(progress.at(-1)).toEqual([19, 19]);
  });

  it('takes what it loaded last where there is no network any more, and what is new where there is', async () => {
    answer = () => file('old');
    await loadFiles(['a'], {});
    await vi.waitFor(() => expect(kept.size).toBe(1));
    answer = () => file('new');
    expect(texts(await loadFiles(['a'], {}))).toEqual(['new']);
    await vi.waitFor(async () => expect(await kept.get('http://page/folder/a')!.clone().text()).toBe('new'));
    answer = () => {
      throw new TypeError('Failed to fetch');
    };
    expect(texts(await loadFiles(['a'], {}))).toEqual(['new']);
  });

  it('does not write again what the server says is the same', async () => {
    answer = () => file('one', { etag: '"1"' });
    await loadFiles(['a'], {});
    await vi.waitFor(() => expect(kept.size).toBe(1));
    const before = kept.get('http://page/folder/a');
    await loadFiles(['a'], {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(kept.get('http://page/folder/a')).toBe(before);
  });

  it.each([
    ['nothing', () => Response.error()],
    ['404', () => new Response('', { status: 404 })],
    ['a page', () => file('<!doctype html>', { 'content-type': 'text/html; charset=utf-8' })],
  ])('says MODEL_NOT_FOUND where a server answers %s', async (_, response) => {
    answer = response;
    expect(await outcome(loadFiles(['a'], {}))).toMatchObject(['MODEL_NOT_FOUND', expect.stringContaining('/a'), {}]);
  });

  it('works where a page has no cache', async () => {
    vi.stubGlobal('caches', undefined);
    answer = () => file('text');
    expect(texts(await loadFiles(['a'], {}))).toEqual(['text']);
  });

  it('ends by its signal with its reason', async () => {
    const stop = AbortSignal.abort(new Error('changed my mind'));
    answer = () => {
      throw stop.reason;
    };
    await expect(loadFiles(['a'], { signal: stop })).rejects.toThrow('changed my mind');
  });
});

describe('largestDifference', () => {
  /** Networks whose output is their input times a factor, plus an error in the last value. */
  function networks(factor: number, error = 0): Networks {
    const session = (inputName: string): Session => ({
      inputNames: [inputName],
      outputNames: ['out'],
      release: async () => {},
      run: async (feeds: Readonly<Record<string, Tensor>>) => {
        const { data, dims } = feeds[inputName]!;
        const out = data.map((value) => factor * value);
        out[out.length - 1]! += error;
        return { out: { data: out, dims } };
      },
    });
    return { detector: session('image'), classifier: session('face'), spec: SPEC };
  }

  it('is nothing for engines that agree', async () => {
    expect(await largestDifference(networks(2), networks(2))).toBe(0);
  });

  it('is what one value of one network is off, as a share of the largest', async () => {
    const difference = await largestDifference(networks(2), networks(2, 0.4));
    expect(difference).toBeGreaterThan(0.4 / 2 / 1.01);
    expect(difference).toBeLessThan(0.5);
  });

  it('is without bounds for what is no number', async () => {
    expect(await largestDifference(networks(2), networks(2, Number.NaN))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('createHandlers', () => {
  it('refuses calls before the start', async () => {
    const runtime = {} as Parameters<typeof createHandlers>[0];
    const early = createHandlers(runtime, 'wasm').classify({ pixels: new Uint8Array(64) });
    expect(await outcome(early)).toMatchObject(['RUNTIME_FAILED', 'the worker has not been started', undefined]);
  });
});
