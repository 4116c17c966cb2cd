import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerError } from '../error.ts';
import type { Services } from '../services.ts';
import { findApiKey } from '../store/api-keys.ts';

/**
 * Who may call what, and how often. Routes say by `config.scope` what a key must allow; routes without it are open. A client is its
 * key, or its address where it has shown no good one, so that trying keys is limited too.
 */
export async function installAccess(app: FastifyInstance, { store, config }: Services): Promise<void> {
  app.decorateRequest('apiKey', undefined);
  app.addHook('onRequest', async (request) => {
    const key = keyOf(request);
    if (request.routeOptions.config.scope === undefined || key === undefined) return;
    request.apiKey = await findApiKey(store.db, key);
  });
  if (config.rateLimit > 0) await installRateLimit(app, config.rateLimit);
  // After the rate limit, which counts in `onRequest`, and before the body is read.
  app.addHook('preParsing', async (request) => checkAccess(request, config));
}

async function installRateLimit(app: FastifyInstance, max: number): Promise<void> {
  await app.register(rateLimit, {
    max,
    timeWindow: 60_000,
    allowList: ({ routeOptions }) => routeOptions.config.scope === undefined,
    keyGenerator: ({ apiKey, ip }) => apiKey?.id ?? ip,
    errorResponseBuilder: (_request, { after }) =>
      new ServerError('RATE_LIMITED', `more than ${max} requests a minute`, `try again in ${after}`),
  });
}

/** `Authorization: Bearer KEY` or `X-API-Key: KEY` */
function keyOf({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? headers['x-api-key']?.toString();
}

/** Lists and exports show what others have sent, and need a key unless the operator says that they do not. */
function checkAccess({ routeOptions, apiKey }: FastifyRequest, config: Services['config']): void {
  const { scope } = routeOptions.config;
  const isNeeded = config.keys === 'required' || (scope === 'export' && !config.publicExport);
  if (scope === undefined || (!isNeeded && apiKey === undefined)) return;
  if (apiKey === undefined) {
    throw new ServerError('UNAUTHORIZED', 'an API key is needed', 'send it as Authorization: Bearer KEY');
  }
  if (!apiKey.scopes.includes(scope)) throw new ServerError('FORBIDDEN', `this key does not allow to ${scope}`);
}
