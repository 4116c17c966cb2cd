import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageFetcher, type FetchParts } from '../src/http/fetch-image.ts';
import { isPublicAddress } from '../src/http/public-address.ts';
import { HOSTILE_URLS, resolveTestName } from './addresses.ts';

/** A second loopback address plays the public internet. */
const PUBLIC = '127.0.0.2';

describe('an address that a client sends', () => {
  let outside: Server;
  let inside: Server;
  let port = 0;
  let insideHits = 0;
  let answer: RequestListener = () => undefined;

  beforeAll(async () => {
    outside = createServer((request, response) => answer(request, response));
    port = await listen(outside, PUBLIC, 0);
    inside = createServer((_request, response) => {
      insideHits++;
      response.end('secret');
    });
    await listen(inside, '127.0.0.1', port);
  });
  afterAll(() => {
    for (const server of [outside, inside]) {
      server.closeAllConnections();
      server.close();
    }
  });

  const fetcher = (parts: FetchParts = {}, timeout = 5000) =>
    createImageFetcher(
      { maxBytes: 1000, timeout, redirects: 2, ports: [80, 443, port] },
      {
        resolve: resolveTestName,
        isAllowed: (address) => address === PUBLIC || isPublicAddress(address),
        ...parts,
      },
    );
  const fetchPublic = (parts?: FetchParts, timeout?: number) => fetcher(parts, timeout)(`http://public.test:${port}/`);

  it('is fetched where it is public', async () => {
    answer = ({ headers }, response) => response.end(`for ${headers.host}`);
    expect(Buffer.from(await fetchPublic()).toString()).toBe(`for public.test:${port}`);
  });

  it('is followed where it redirects', async () => {
    answer = ({ url }, response) => {
      if (url === '/') response.writeHead(302, { location: '/there' }).end();
      else response.end('here');
    };
    expect(Buffer.from(await fetchPublic()).toString()).toBe('here');
  });

  it.each(HOSTILE_URLS)('is refused: %s', async (url) => {
    await expect(fetcher()(url)).rejects.toMatchObject({ code: 'URL_REFUSED' });
  });

  it.each(HOSTILE_URLS)('is refused where it redirects to %s', async (location) => {
    answer = (_request, response) => response.writeHead(302, { location: encodeURI(location) }).end();
    // What is no absolute address means a page of the same host, and there it redirects again.
    const code = /^[a-z]+:|^\/\//.test(location) ? 'URL_REFUSED' : 'URL_FAILED';
    await expect(fetchPublic()).rejects.toMatchObject({ code });
    expect(insideHits).toBe(0);
  });

  it('is connected to where it was checked, even if the name moves meanwhile', async () => {
    let calls = 0;
    const resolve = async () => [{ address: calls++ === 0 ? PUBLIC : '127.0.0.1', family: 4 }];
    answer = (_request, response) => response.end('outside');
    expect(Buffer.from(await fetchPublic({ resolve })).toString()).toBe('outside');
    expect(calls).toBe(1);
    await expect(fetchPublic({ resolve })).rejects.toMatchObject({ code: 'URL_REFUSED' });
    expect(insideHits).toBe(0);
  });

  it('is checked again at a redirect, for names that move in between', async () => {
    let calls = 0;
    const resolve = async () => [{ address: calls++ === 0 ? PUBLIC : '127.0.0.1', family: 4 }];
    answer = (_request, response) => response.writeHead(302, { location: `http://public.test:${port}/` }).end();
    await expect(fetchPublic({ resolve })).rejects.toMatchObject({ code: 'URL_REFUSED' });
    expect(insideHits).toBe(0);
  });

  it('may not redirect for ever', async () => {
    answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    await expect(fetchPublic()).rejects.toMatchObject({ code: 'URL_FAILED', message: expect.stringContaining('2') });
  });

  it('may not send too much, announced or not', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-length': '5000' }).end(Buffer.alloc(5000));
    await expect(fetchPublic()).rejects.toMatchObject({ code: 'UPLOAD_TOO_LARGE' });
    answer = (_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(400)), 5);
      response.on('close', () => clearInterval(timer));
    };
    await expect(fetchPublic()).rejects.toMatchObject({ code: 'UPLOAD_TOO_LARGE' });
  });

  it('may not take too long, in its name, its head or its body', async () => {
    const slow = { code: 'URL_FAILED', message: expect.stringContaining('longer than 0.3 s') };
    await expect(fetchPublic({ resolve: () => new Promise(() => undefined) }, 300)).rejects.toMatchObject(slow);
    answer = () => undefined;
    await expect(fetchPublic({}, 300)).rejects.toMatchObject(slow);
    answer = (_request, response) => response.writeHead(200).write('a');
    await expect(fetchPublic({}, 300)).rejects.toMatchObject(slow);
  });

  it('may not answer compressed, or with an error', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('a');
    await expect(fetchPublic()).rejects.toMatchObject({ code: 'URL_FAILED' });
    answer = (_request, response) => response.writeHead(404).end('a');
    await expect(fetchPublic()).rejects.toMatchObject({ code: 'URL_FAILED', message: expect.stringContaining('404') });
  });
});

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
