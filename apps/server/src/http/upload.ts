import type { FastifyMultipartBaseOptions, Multipart } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerError } from '../error.ts';

/** What a client has sent, whatever form it came in. */
export interface Upload {
  /** The image, if it was sent as a file or as the whole body. */
  file: Uint8Array | undefined;
  /** Everything else by name: form fields or entries of a JSON object. */
  fields: Record<string, unknown>;
}

/** Bytes of everything in a form but the image. */
const FORM_EXTRA = 64 * 1024;

/** Length of a text in base64 that holds so many bytes, with what is around it. */
export function base64Limit(bytes: number): number {
  return Math.ceil((bytes * 4) / 3) + FORM_EXTRA;
}

/** Images as the whole body, and simple forms, besides JSON, which Fastify reads itself. */
export function installBodyParsers(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(/^(image\/.+|application\/octet-stream)$/, { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}

/**
 * Reads the body of a request that may bring an image.
 * @param fileName of the form's field that holds the image
 * @throws ServerError `BAD_REQUEST`, `UPLOAD_TOO_LARGE`; errors of Fastify with a status
 */
export async function readUpload(request: FastifyRequest, fileName: string, maxBytes: number): Promise<Upload> {
  if (request.isMultipart()) return readForm(request, fileName);
  const { body } = request;
  if (body === undefined || body === null) return { file: undefined, fields: {} };
  if (!(body instanceof Uint8Array)) return { file: undefined, fields: toFields(body) };
  checkSize(body, maxBytes);
  return { file: body, fields: {} };
}

async function readForm(request: FastifyRequest, fileName: string): Promise<Upload> {
  const upload: Upload = { file: undefined, fields: {} };
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') upload.fields[part.fieldname] = part.value;
      else if (part.fieldname === fileName) upload.file = await part.toBuffer();
      else
        throw new ServerError('BAD_REQUEST', `a file named '${part.fieldname}' is not taken`, `name it '${fileName}'`);
    }
  } catch (error) {
    throw asFormError(error);
  }
  return upload;
}

/**
 * The parts of a form one by one, for those who hold none in memory; a file must be read before the next part comes.
 * What the caller throws meanwhile is not touched.
 * @throws ServerError `BAD_REQUEST` for a damaged form; errors of Fastify with a status
 */
export async function* readParts(
  request: FastifyRequest,
  limits: NonNullable<FastifyMultipartBaseOptions['limits']>,
): AsyncGenerator<Multipart> {
  try {
    yield* request.parts({ limits });
  } catch (error) {
    throw asFormError(error);
  }
}

/** The parser tells of a form without boundary or end by plain errors; its limits and our own errors have a code. */
export function asFormError(error: unknown): unknown {
  if (!(error instanceof Error) || 'code' in error) return error;
  return new ServerError('BAD_REQUEST', `the form is damaged (${error.message})`, undefined, { cause: error });
}

function toFields(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw new ServerError('BAD_REQUEST', 'the body is no JSON object');
}

/** Content of base64, also as a data URL. @throws ServerError `BAD_REQUEST`, `UPLOAD_TOO_LARGE` */
export function decodeBase64(text: string, name: string, maxBytes: number): Uint8Array {
  const plain = text.replace(/^data:[^,]*;base64,/, '').replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(plain)) throw new ServerError('BAD_REQUEST', `${name} is not base64`);
  const bytes = Buffer.from(plain, 'base64');
  checkSize(bytes, maxBytes);
  return bytes;
}

function checkSize(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.length <= maxBytes) return;
  throw new ServerError('UPLOAD_TOO_LARGE', `the image has ${bytes.length} bytes`, `at most ${maxBytes} are taken`);
}
