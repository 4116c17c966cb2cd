/** What this server adds to Fastify's types. */
import type { z } from 'zod';
import type { ApiKey, Scope } from '../store/api-keys.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must allow to call the route; a route without it is open to all and not limited in its rate. */
    scope?: Scope;
    /** What the body may be, by content type, for the documentation; the route reads it itself. */
    bodies?: Readonly<Record<string, z.ZodType>>;
    /** The content type and meaning of an answer that is no JSON, for the documentation. */
    answer?: { type: string; description: string };
    /** Whether the route takes images: counted among the uploads, and refused while the queue is full. */
    upload?: boolean;
  }

  interface FastifyRequest {
    /** The good key that the client has shown. */
    apiKey: ApiKey | undefined;
  }
}
