/** The OpenAPI document as a judge of answers. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';

/** An OpenAPI document, as far as the tests look into it. */
export interface Document {
  paths: Record<string, Record<string, Operation>>;
}

export interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** Calls an app, and fails a test whose answer is not as the document promises. */
export class Contract {
  readonly #app: FastifyInstance;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly document: Document;
  /** Operations that were called, as `get /v1/models`. */
  readonly called = new Set<string>();

  private constructor(app: FastifyInstance, document: Document) {
    this.#app = app;
    this.document = document;
    this.#ajv.addSchema(document, 'openapi');
  }

  static async of(app: FastifyInstance): Promise<Contract> {
    const document = (await app.inject('/docs/json')).json();
    expect(await new Validator().validate(document)).toEqual({ valid: true });
    return new Contract(app, document);
  }

  async call(options: InjectOptions & { method: 'GET' | 'POST' | 'DELETE'; url: string }) {
    const answer = await this.#app.inject(options);
    this.#check(options.method.toLowerCase(), options.url.split('?')[0]!, answer);
    return answer;
  }

  #check(method: string, path: string, answer: LightMyRequestResponse): void {
    const pattern = Object.keys(this.document.paths).find((one) => toRegExp(one).test(path));
    const operation = pattern === undefined ? undefined : this.document.paths[pattern]?.[method];
    if (pattern === undefined || operation === undefined) throw new Error(`the document has no ${method} ${path}`);
    this.called.add(`${method} ${pattern}`);
    const status = String(answer.statusCode);
    const key = [status, `${status[0]}XX`].find((one) => one in operation.responses);
    if (key === undefined) throw new Error(`the document has no ${status} for ${method} ${path}: ${answer.body}`);
    const { content } = operation.responses[key]!;
    if (content === undefined) {
      expect(answer.body).toBe('');
      return;
    }
    const type = String(answer.headers['content-type']).split(';')[0]!;
    expect(Object.keys(content)).toContain(type);
    if (type !== 'application/json') return;
    const at = ['paths', pattern, method, 'responses', key, 'content', type, 'schema'];
    const validate = this.#compile(at);
    expect({ valid: validate(answer.json()), errors: validate.errors }).toEqual({ valid: true, errors: null });
  }

  #compile(path: readonly string[]): ValidateFunction {
    const pointer = path.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    return this.#ajv.compile({ $ref: `openapi#/${pointer}` });
  }
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}
