import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey, listApiKeys, revokeApiKey, SCOPES, type Scope } from '../src/store/api-keys.ts';
import { createApp, openTestStore, type TestStore } from './app.ts';
import { picture } from './fakes.ts';

const ID = '00000000-0000-4000-8000-000000000000';

/** One route for each scope, and its answer where the key is good. */
const ROUTES: Record<Scope, { method: 'GET' | 'POST'; url: string; status: number }> = {
  analyze: { method: 'POST', url: '/v1/analyze', status: 400 },
  feedback: { method: 'POST', url: '/v1/feedback', status: 400 },
  read: { method: 'GET', url: `/v1/predictions/${ID}`, status: 404 },
  export: { method: 'GET', url: '/v1/export/predictions', status: 200 },
};

describe('access', () => {
  let opened: TestStore;
  let open: FastifyInstance;
  let closed: FastifyInstance;

  beforeAll(async () => {
    opened = await openTestStore();
    ({ app: open } = await createApp(opened, { publicExport: false }));
    ({ app: closed } = await createApp(opened, { keys: 'required', publicExport: false }));
  }, 300_000);
  afterAll(async () => {
    await open?.close();
    await closed?.close();
    await opened?.remove();
  }, 60_000);

  const makeKey = (scopes: readonly Scope[]) =>
    createApiKey(opened.store.db, { name: 'test', scopes, at: new Date('2026-01-01') });

  it.each(SCOPES)('needs a key with the scope %s where keys are required', async (scope) => {
    const { method, url, status } = ROUTES[scope];
    const { key } = await makeKey([scope]);
    const { key: other } = await makeKey(SCOPES.filter((one) => one !== scope));
    const ask = async (headers: Record<string, string>) => {
      const answer = await closed.inject({ method, url, headers });
      return {
        status: answer.statusCode,
        code: answer.headers['content-type']?.toString().startsWith('application/json')
          ? answer.json().code
          : undefined,
      };
    };
    const refused = { status: 401, code: 'UNAUTHORIZED' };
    expect(await ask({})).toEqual(refused);
    expect(await ask({ authorization: 'Bearer mk_wrong' })).toEqual(refused);
    expect(await ask({ authorization: `Basic ${key}` })).toEqual(refused);
    expect(await ask({ 'x-api-key': "' or 1 = 1; --" })).toEqual(refused);
    expect(await ask({ authorization: `Bearer ${other}` })).toEqual({ status: 403, code: 'FORBIDDEN' });
    expect(await ask({ authorization: `Bearer ${key}` })).toMatchObject({ status });
    expect(await ask({ 'x-api-key': key })).toMatchObject({ status });
  });

  it('tells errors of the original interface in its form', async () => {
    const answer = await closed.inject({ method: 'POST', url: '/v1.0.0/predict' });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json()).toEqual({ code: 401, message: expect.stringContaining('key') });
  });

  it('needs no key for the state, the documentation and the page', async () => {
    for (const url of ['/health', '/ready', '/metrics', '/docs/json', '/']) {
      expect((await closed.inject(url)).statusCode).toBe(200);
    }
  });

  it('needs a key for lists and exports in any case, unless the operator says otherwise', async () => {
    for (const url of ['/v1/predictions', '/v1/export/feedback', '/v1/export/dataset', '/v1/export/predictions']) {
      expect((await open.inject(url)).statusCode).toBe(401);
    }
    const { app } = await createApp(opened, { publicExport: true });
    expect((await app.inject('/v1/predictions')).statusCode).toBe(200);
    await app.close();
  });

  it('ends with the key', async () => {
    const { key, record } = await makeKey(['export']);
    const ask = async () =>
      (await open.inject({ url: '/v1/predictions', headers: { authorization: `Bearer ${key}` } })).statusCode;
    expect(await ask()).toBe(200);
    await revokeApiKey(opened.store.db, record.id, new Date());
    expect(await ask()).toBe(401);
    await expect(revokeApiKey(opened.store.db, record.id, new Date())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(revokeApiKey(opened.store.db, 'x', new Date())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps no key, only its hash', async () => {
    const { key, record } = await makeKey(['read', 'analyze']);
    const keys = await listApiKeys(opened.store.db);
    expect(keys.find(({ id }) => id === record.id)).toEqual({ ...record, scopes: ['analyze', 'read'] });
    const rows = await opened.store.db.selectFrom('api_keys').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(key);
  });

  it('is limited in its rate, for each key and for the address that tries keys', async () => {
    const { app } = await createApp(opened, { keys: 'required', rateLimit: 3 });
    const { key } = await makeKey(['analyze']);
    const ask = async (authorization: string) => app.inject({ url: '/v1/models', headers: { authorization } });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask(`Bearer mk_guess${i}`)).statusCode);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    for (let i = 0; i < 3; i++) expect((await ask(`Bearer ${key}`)).statusCode).toBe(200);
    const answer = await ask(`Bearer ${key}`);
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status: 429, code: 'RATE_LIMITED' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await app.inject('/health')).statusCode).toBe(200);
    await app.close();
  });

  it('is open to pages of other origins only where the operator says so', async () => {
    const { app } = await createApp(opened, { cors: ['https://good.example'] });
    const allowed = async (server: FastifyInstance, origin: string) =>
      (await server.inject({ url: '/v1/models', headers: { origin } })).headers['access-control-allow-origin'];
    expect(await allowed(app, 'https://good.example')).toBe('https://good.example');
    expect(await allowed(app, 'https://bad.example')).toBeUndefined();
    expect(await allowed(open, 'https://good.example')).toBeUndefined();
    await app.close();
  });

  it('comes with headers that a page with threads needs, and no other scripts', async () => {
    const { headers } = await open.inject('/');
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'x-content-type-options': 'nosniff',
    });
    expect(headers['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
    expect((await open.inject('/docs/')).headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
  });

  it('keeps images by the policy of the operator', async () => {
    const payload = await picture(1);
    const stored = async (storeImages: 'never' | 'opt-in' | 'always', query: string) => {
      const { app } = await createApp(opened, { storeImages });
      const headers = { 'content-type': 'image/jpeg' };
      const answer = await app.inject({ method: 'POST', url: `/v1/analyze${query}`, payload, headers });
      await app.close();
      return answer.json().stored;
    };
    expect(await stored('never', '?store_image=true')).toBe(false);
    expect(await stored('opt-in', '')).toBe(false);
    expect(await stored('opt-in', '?store_image=false')).toBe(false);
    expect(await stored('opt-in', '?store_image=true')).toBe(true);
    expect(await stored('always', '')).toBe(true);
  });
});
