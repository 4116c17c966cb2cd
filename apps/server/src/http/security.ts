import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { ServerConfig } from '../config/options.ts';

/**
 * What the web app needs and no more: its own scripts, WebAssembly, workers, pictures that it has made itself. Styles
 * that a script sets on an element count as inline. `upgrade-insecure-requests` would break a server without TLS.
 */
const CONTENT_POLICY = {
  'default-src': ["'self'"],
  'script-src': ["'self'", "'wasm-unsafe-eval'"],
  'worker-src': ["'self'", 'blob:'],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'media-src': ["'self'", 'blob:'],
  'connect-src': ["'self'", 'data:', 'blob:'],
  'object-src': ["'none'"],
  'base-uri': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
};

/**
 * Security headers on every answer, and CORS for the origins of the configuration. COOP and COEP make the page
 * cross-origin isolated, without which a browser gives WebAssembly no threads.
 */
export async function installSecurity(app: FastifyInstance, config: ServerConfig): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_POLICY },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: { policy: 'require-corp' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    strictTransportSecurity: false,
  });
  if (config.cors.length > 0) {
    await app.register(cors, {
      origin: config.cors.includes('*') ? '*' : config.cors,
      methods: ['GET', 'POST', 'DELETE'],
      exposedHeaders: ['retry-after'],
      maxAge: 600,
    });
  }
}
