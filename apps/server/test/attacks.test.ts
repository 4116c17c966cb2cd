import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_URLS, resolveTestName } from './addresses.ts';
import { createApp, form, openTestStore, type TestStore } from './app.ts';
import { picture } from './fakes.ts';

const SQL = `'; drop table predictions; --`;
const LIMIT = 50_000;

/** Who attacks, with what, and what is answered. */
type Attack = readonly [what: string, request: InjectOptions, status: number, code: string];

const post = (options: InjectOptions, url = '/v1/analyze'): InjectOptions => ({ method: 'POST', url, ...options });
const image = (bytes: Uint8Array, type = 'image/jpeg'): InjectOptions =>
  post({ payload: Buffer.from(bytes), headers: { 'content-type': type } });
const typed = (payload: string | Buffer, type: string): InjectOptions =>
  post({ payload, headers: { 'content-type': type } });

const ATTACKS: readonly Attack[] = [
  ...HOSTILE_URLS.map((url): Attack => [`fetch ${url}`, post({ payload: { url } }), 400, 'URL_REFUSED']),
  ['a PNG that unfolds to 2.5 gigapixels', image(pngBomb(50_000), 'image/png'), 413, 'IMAGE_TOO_LARGE'],
  [
    'a PNG of 2 gigapixels in base64',
    post({ payload: { base64: pngBomb(46_000).toString('base64') } }),
    413,
    'IMAGE_TOO_LARGE',
  ],
  ['an SVG', image(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'), 415, 'NOT_AN_IMAGE'],
  ['a zip file', image(Buffer.from('PK\x03\x04aaaa')), 415, 'NOT_AN_IMAGE'],
  ['half a picture', image(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])), 422, 'BROKEN_IMAGE'],
  ['nothing', image(Buffer.alloc(0)), 400, 'EMPTY_FILE'],
  ['an empty file', post(form([{ name: 'image', value: '', file: 'a.jpg' }])), 400, 'EMPTY_FILE'],
  ['too many bytes as the body', image(Buffer.alloc(LIMIT + 1)), 413, 'UPLOAD_TOO_LARGE'],
  ['far too many bytes as the body', image(Buffer.alloc(10 * LIMIT)), 413, 'UPLOAD_TOO_LARGE'],
  [
    'too many bytes in a form',
    post(form([{ name: 'image', value: Buffer.alloc(LIMIT + 1), file: 'a' }])),
    413,
    'UPLOAD_TOO_LARGE',
  ],
  [
    'too many bytes in base64',
    post({ payload: { base64: Buffer.alloc(LIMIT + 1).toString('base64') } }),
    413,
    'UPLOAD_TOO_LARGE',
  ],
  [
    'too much JSON',
    typed(JSON.stringify({ base64: 'A'.repeat(10 * LIMIT) }), 'application/json'),
    413,
    'UPLOAD_TOO_LARGE',
  ],
  [
    'too many bytes where none belong',
    post({ payload: { x: 'A'.repeat(100_000) } }, '/v1/feedback'),
    413,
    'UPLOAD_TOO_LARGE',
  ],
  ['plain text', typed('hello', 'text/plain'), 415, 'UNSUPPORTED_TYPE'],
  [
    'XML',
    typed('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 'application/xml'),
    415,
    'UNSUPPORTED_TYPE',
  ],
  ['a type that is none', typed('hello', 'nonsense'), 415, 'UNSUPPORTED_TYPE'],
  ['broken JSON', typed('{"base64":', 'application/json'), 400, 'BAD_REQUEST'],
  ['JSON that is a list', typed('[1]', 'application/json'), 400, 'BAD_REQUEST'],
  ['JSON that changes prototypes', typed('{"__proto__":{"isAdmin":true}}', 'application/json'), 400, 'BAD_REQUEST'],
  [
    'compressed JSON',
    post({ payload: gzipSync('{}'), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }),
    400,
    'BAD_REQUEST',
  ],
  ['a form without boundary', typed('a', 'multipart/form-data'), 400, 'BAD_REQUEST'],
  [
    'a form that ends early',
    typed(
      '--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\nabc',
      'multipart/form-data; boundary=x',
    ),
    400,
    'BAD_REQUEST',
  ],
  ['two files', post(form([1, 2].map(() => ({ name: 'image', value: 'a', file: 'a.jpg' })))), 413, 'UPLOAD_TOO_LARGE'],
  ['a file of another name', post(form([{ name: 'picture', value: 'a', file: 'a.jpg' }])), 400, 'BAD_REQUEST'],
  [
    'a thousand fields',
    post(form(Array.from({ length: 1000 }, (_, i) => ({ name: `f${i}`, value: 'a' })))),
    413,
    'UPLOAD_TOO_LARGE',
  ],
  [
    'a file and base64 at once',
    post(
      form([
        { name: 'image', value: 'a', file: 'a.jpg' },
        { name: 'base64', value: 'aaaa' },
      ]),
    ),
    400,
    'BAD_REQUEST',
  ],
  ['an option that is none', post({ payload: { base64: 'aaaa', anotate: 'boxes' } }), 400, 'BAD_REQUEST'],
  ['a wrong value', post({ payload: {}, query: { annotate: SQL } }), 400, 'BAD_REQUEST'],
  ['SQL for a truth value', post({ payload: { base64: 'aaaa', store_image: SQL } }), 400, 'BAD_REQUEST'],
  ['SQL for a picture', post({ payload: { base64: SQL } }), 400, 'BAD_REQUEST'],
  ['SQL for an address', post({ payload: { url: SQL } }), 400, 'URL_REFUSED'],
  ['SQL for an id', { url: `/v1/predictions/${encodeURIComponent(SQL)}` }, 404, 'NOT_FOUND'],
  ['SQL for the id of an image', { url: `/v1/images/${encodeURIComponent(SQL)}` }, 404, 'NOT_FOUND'],
  ['SQL in a deletion', { method: 'DELETE', url: `/v1/predictions/${encodeURIComponent(SQL)}` }, 404, 'NOT_FOUND'],
  ['SQL for a place', { url: `/v1/predictions?after=${Buffer.from(SQL).toString('base64url')}` }, 400, 'BAD_REQUEST'],
  ['SQL for a limit', { url: '/v1/predictions', query: { limit: SQL } }, 400, 'BAD_REQUEST'],
  ['SQL for a time', { url: '/v1/export/predictions', query: { since: SQL } }, 400, 'BAD_REQUEST'],
  [
    'SQL for an expression',
    post({ payload: { id: 'x', face: 0, expression: SQL } }, '/v1/feedback'),
    400,
    'BAD_REQUEST',
  ],
  [
    'SQL for a prediction',
    post({ payload: { id: SQL, face: 0, expression: 'happy' } }, '/v1/feedback'),
    404,
    'NOT_FOUND',
  ],
  [
    'SQL for a face',
    post({ payload: { id: 'x', face: SQL, expression: 'happy' } }, '/v1/feedback'),
    400,
    'BAD_REQUEST',
  ],
  [
    'a byte that PostgreSQL takes nowhere',
    post({ payload: { id: 'x\u0000', face: 0, expression: 'happy' } }, '/v1/feedback'),
    404,
    'NOT_FOUND',
  ],
  ['a path out of the folder of images', { url: '/v1/images/..%2f..%2f..%2fetc%2fpasswd' }, 404, 'NOT_FOUND'],
  ['a path out of the web app', { url: '/..%2f..%2fpackage.json' }, 404, 'NOT_FOUND'],
  ['a path out of the documentation', { url: '/docs/static/..%2f..%2fpackage.json' }, 404, 'NOT_FOUND'],
  ['a path that is not text', { url: '/v1/%ff' }, 400, 'BAD_REQUEST'],
  ['a wrong method', { method: 'PUT', url: '/v1/analyze' }, 404, 'NOT_FOUND'],
  ['a route that is none', { url: '/v1/admin' }, 404, 'NOT_FOUND'],
];

describe('attacks', () => {
  let opened: TestStore;
  let app: FastifyInstance;

  beforeAll(async () => {
    opened = await openTestStore();
    const fetchParts = { resolve: resolveTestName };
    ({ app } = await createApp(opened, { maxUploadBytes: LIMIT, requestTimeout: 1 }, { fetchParts }));
  }, 300_000);
  afterAll(async () => {
    await app?.close();
    await opened?.remove();
  }, 60_000);

  it.each(ATTACKS)('%s is refused', async (_what, request, status, code) => {
    const answer = await app.inject(request);
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status, code });
    // Nothing of the inside is told.
    expect(answer.body).not.toMatch(/node_modules|\.ts:|select |insert /);
  });

  it('a name that leads elsewhere is not looked at', async () => {
    const upload = [{ name: 'image', value: await picture(1), file: '../../../../tmp/evil.jpg' }];
    const answer = await app.inject(post({ ...form(upload), query: { store_image: 'true' } }));
    expect(answer.statusCode).toBe(200);
    const { id } = answer.json();
    const files = readdirSync(opened.dataDir, { recursive: true }).map(String);
    expect(files.filter((file) => file.endsWith('.jpg'))).toEqual([`images/${id.slice(0, 2)}/${id}.jpg`]);
  });

  it('an upload that trickles is cut off', async () => {
    const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
    const answer = await trickle(port);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"UPLOAD_TIMEOUT"');
    expect(await raw(port, 'this is no HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*"code":"BAD_REQUEST"/s);
    expect(await raw(port, `GET / HTTP/1.1\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  }, 60_000);

  it('leave the server well', async () => {
    const answer = await app.inject(image(await picture(1)));
    expect({ status: answer.statusCode, faces: answer.json().faces.length }).toEqual({ status: 200, faces: 1 });
    expect((await app.inject('/ready')).statusCode).toBe(200);
    const { predictions } = (await app.inject('/v1/predictions')).json();
    expect(predictions).toHaveLength(2);
  });
});

/** A PNG whose head claims `side` x `side` pixels and whose content is short. */
function pngBomb(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const content = chunk('IDAT', deflateSync(Buffer.alloc(1000)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    content,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Sends a byte now and then. */
function trickle(port: number): Promise<string> {
  const head = 'POST /v1/analyze HTTP/1.1\r\nhost: a\r\ncontent-type: image/jpeg\r\ncontent-length: 1000\r\n\r\n';
  return raw(port, head, 100);
}

function raw(port: number, text: string, every?: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const timer = every === undefined ? undefined : setInterval(() => socket.write('a'), every);
    let answer = '';
    socket.on('error', () => undefined); // it is cut off
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
    socket.write(text);
  });
}
