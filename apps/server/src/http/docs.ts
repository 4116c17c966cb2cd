import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** What every answer's description would repeat. */
const DESCRIPTION = `Finds the faces in pictures and reads their expressions. An expression is what a face shows, not what a
person feels. \`/v1.0.0\` is the interface of the original Mememoji, \`/v1\` this project's own.`;

/** Where the document has the schema of errors; its name stands in schemas/common.ts. */
const ERROR = { $ref: '#/components/schemas/Error' };

/** The OpenAPI document, made of the routes' own schemas: under `/docs/json`, and with Swagger UI under `/docs`. */
export async function installDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Mememoji', description: DESCRIPTION, version, license: { name: 'MIT', identifier: 'MIT' } },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
    },
    transform,
    transformObject: tidy,
  });
}

/** Swagger UI has a policy of its own: its page needs two inline scripts, which it names by their hashes. */
export async function installSwaggerUi(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    transformStaticCSP: (policy) => policy.replace(/ ?upgrade-insecure-requests;?/, ''),
  });
}

/** Adds to a route's schema what the route reads itself, and what key it needs. */
const transform: SwaggerTransform = (document) => {
  const { schema, url } = jsonSchemaTransform(document);
  const { bodies, scope, answer } = document.route.config ?? {};
  const body = bodies === undefined ? {} : { body: { content: toContent(bodies) } };
  const security = scope === undefined ? {} : { security: [{}, { bearer: [] }, { header: [] }] };
  const response = answer === undefined ? {} : { response: toResponses(answer) };
  return { schema: { ...schema, ...body, ...security, ...response }, url };
};

/** Without the second form of schemas, for requests, where no route uses it; bodies are optional where the query suffices. */
const tidy: SwaggerTransformObject = (parts) => {
  const document = jsonSchemaTransformObject(parts);
  if (!('openapi' in document)) return document;
  const schemas = document.components?.schemas ?? {};
  const used = JSON.stringify(document.paths);
  for (const name of Object.keys(schemas)) {
    if (name.endsWith('Input') && !used.includes(`"#/components/schemas/${name}"`)) delete schemas[name];
  }
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    const body = item?.post?.requestBody;
    if (path.startsWith('/v1.0.0/') && body !== undefined && 'content' in body) body.required = false;
  }
  return document;
};

function toResponses({ type, description }: { type: string; description: string }): Record<string, object> {
  const error = { description: 'Error', content: { 'application/json': { schema: ERROR } } };
  const content = { [type]: { schema: { type: 'string', format: 'binary' } } };
  return { 200: { description, content }, '4xx': error, '5xx': error };
}

function toContent(bodies: Readonly<Record<string, z.ZodType>>): Record<string, { schema: object }> {
  return Object.fromEntries(Object.entries(bodies).map(([type, schema]) => [type, { schema: toJson(schema) }]));
}

function toJson(schema: z.ZodType): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json;
}
