/** A client of the REST API, for Node and pages; it needs `fetch` and nothing else. */
import type { Expression } from '@mememoji/vision/expression';
import type { Analysis, Face } from '@mememoji/vision/result';
import { createJobs, type Jobs } from './client-jobs.ts';
import { MememojiError } from './error.ts';

/** An image: the content of its file, or an address that the server is to fetch it from. */
export type ClientImage = Uint8Array<ArrayBuffer> | Blob | URL;

export interface ClientOptions {
  /** Where the server is, for example `https://faces.example.org`; in a page, its own origin if left out. */
  baseUrl?: string | URL | undefined;
  /** An API key, where the server wants one. */
  key?: string | undefined;
  /** In the place of the platform's `fetch`. */
  fetch?: typeof fetch | undefined;
}

export interface AnalyzeOptions {
  /** The sender allows the image to be kept. */
  storeImage?: boolean | undefined;
  /** Also answer the picture with this drawn into it. */
  annotate?: 'boxes' | 'memes' | undefined;
  /** Also answer each face cut out. */
  thumbnails?: boolean | undefined;
  /** Also answer the picture itself, upright, with nothing drawn into it. */
  picture?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** What `POST /v1/analyze` answers. */
export interface AnalyzeAnswer extends Analysis {
  /** For feedback, and for the image if it is kept. */
  id: string;
  /** Whether the image is kept. */
  stored: boolean;
  /** Data URL of a JPEG. */
  annotated?: string | undefined;
  /** Data URLs of JPEGs, one for each face; null for a face outside the picture. */
  thumbnails?: (string | null)[] | undefined;
  /** Data URL of a JPEG. */
  picture?: string | undefined;
}

/** A prediction as the server remembers it. */
export interface Prediction {
  id: string;
  /** ISO 8601, UTC. */
  created_at: string;
  model: string;
  image: { width: number; height: number };
  faces: Face[];
}

export interface PredictionDetail extends Prediction {
  /** Whether its image is kept. */
  stored: boolean;
  feedback: { face: number; expression: Expression; created_at: string }[];
}

export interface FeedbackAnswer {
  id: string;
  face: number;
  expression: Expression;
  /** False if the same was said before. */
  created: boolean;
}

/** A model as the server tells of it. */
export interface ServerModel {
  name: string;
  version: string;
  /** Whether it is the one in use. */
  current: boolean;
  labels: Expression[];
  input: { width: number; height: number };
  uncertain_below: number;
  metrics: Record<string, number>;
  trained: string;
}

/** What the server refused, or could not do. */
export class ApiError extends MememojiError {
  /** HTTP status. */
  readonly status: number;
  /** The server's code, such as `BUSY`; docs/server.md lists them. */
  readonly serverCode: string;
  /** Seconds after which to try again, where the server says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: { code: string; message: string; hint?: string }, retryAfter: number | undefined) {
    super('REQUEST_FAILED', body.message, body.hint);
    this.status = status;
    this.serverCode = body.code;
    this.retryAfter = retryAfter;
  }
}

/** Calls a Mememoji server. Every method throws {@link ApiError} where the server refuses, and what `fetch` throws. */
export interface Client {
  /** Finds the faces of an image and reads their expressions. */
  analyze(image: ClientImage, options?: AnalyzeOptions): Promise<AnalyzeAnswer>;
  /** Tells the true expression of a face. @param face its index */
  feedback(id: string, face: number, expression: Expression): Promise<FeedbackAnswer>;
  /** Has the server remember what this device has read by itself, for feedback on it. @returns the id for that */
  remember(reading: Analysis): Promise<string>;
  prediction(id: string): Promise<PredictionDetail>;
  /** Deletes a prediction with its feedback and its image. */
  deletePrediction(id: string): Promise<void>;
  /** All predictions, the oldest first, read page by page. @param since only what was made then or later */
  predictions(since?: Date): AsyncGenerator<Prediction>;
  /** The kept image of a prediction: a JPEG. */
  image(id: string): Promise<Blob>;
  deleteImage(id: string): Promise<void>;
  models(): Promise<ServerModel[]>;
  /** Many pictures, an archive or a video, in the background. */
  readonly jobs: Jobs;
}

/**
 * A client of the server at `baseUrl`.
 *
 * ```ts
 * const client = createClient({ baseUrl: 'http://127.0.0.1:8080' });
 * const { id, faces } = await client.analyze(await readFile('photo.jpg'));
 * await client.feedback(id, 0, 'happy');
 * ```
 */
export function createClient(options: ClientOptions = {}): Client {
  const call = createCall(options);
  // The server's answers are held to these types by its own schemas.
  const json = async <Answer>(path: string, init?: RequestInit): Promise<Answer> =>
    JSON.parse(await (await call(path, init)).text());
  const remove = async (path: string): Promise<void> => {
    await call(path, { method: 'DELETE' });
  };
  return {
    analyze: (image, wishes = {}) =>
      json(`/v1/analyze${queryOf(wishes)}`, { ...bodyOf(image), method: 'POST', signal: wishes.signal ?? null }),
    feedback: (id, face, expression) => json('/v1/feedback', { ...jsonBody({ id, face, expression }), method: 'POST' }),
    remember: async ({ model, image, faces }) => {
      const { id } = await json<{ id: string }>('/v1/predictions', {
        ...jsonBody({ model, image, faces }),
        method: 'POST',
      });
      return id;
    },
    prediction: (id) => json(`/v1/predictions/${encodeURIComponent(id)}`),
    deletePrediction: (id) => remove(`/v1/predictions/${encodeURIComponent(id)}`),
    predictions: (since) => readPages(json, since),
    image: async (id) => (await call(`/v1/images/${encodeURIComponent(id)}`)).blob(),
    deleteImage: (id) => remove(`/v1/images/${encodeURIComponent(id)}`),
    models: async () => (await json<{ models: ServerModel[] }>('/v1/models')).models,
    jobs: createJobs(json, remove),
  };
}

/** One request; whatever is no success is thrown. */
function createCall({ baseUrl = '', key, fetch: send = fetch }: ClientOptions) {
  const base = String(baseUrl).replace(/\/+$/, '');
  return async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
    const response = await send(base + path, { ...init, headers });
    if (response.ok) return response;
    throw await toError(response);
  };
}

async function* readPages(json: (path: string) => Promise<Page>, since: Date | undefined): AsyncGenerator<Prediction> {
  const query = new URLSearchParams({ limit: '500' });
  if (since !== undefined) query.set('since', since.toISOString());
  for (;;) {
    const { predictions, next } = await json(`/v1/predictions?${query}`);
    yield* predictions;
    if (next === null) return;
    query.set('after', next);
  }
}

interface Page {
  predictions: Prediction[];
  next: string | null;
}

function queryOf({ storeImage, annotate, thumbnails, picture }: AnalyzeOptions): string {
  const query = new URLSearchParams();
  if (storeImage) query.set('store_image', 'true');
  if (annotate !== undefined) query.set('annotate', annotate);
  if (thumbnails) query.set('thumbnails', 'true');
  if (picture) query.set('picture', 'true');
  return query.size === 0 ? '' : `?${query}`;
}

function bodyOf(image: ClientImage): RequestInit {
  if (image instanceof URL) return jsonBody({ url: image.href });
  return { body: image, headers: { 'content-type': 'application/octet-stream' } };
}

function jsonBody(value: object): RequestInit {
  return { body: JSON.stringify(value), headers: { 'content-type': 'application/json' } };
}

/** A proxy in between may answer with a page of its own. */
async function toError(response: Response): Promise<ApiError> {
  const text = await response.text();
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const body = parseError(text) ?? { code: 'UNKNOWN', message: `the server answers ${response.status}` };
  return new ApiError(response.status, body, Number.isNaN(retryAfter) ? undefined : retryAfter);
}

function parseError(text: string): { code: string; message: string; hint?: string } | undefined {
  try {
    const body = JSON.parse(text);
    return typeof body?.code === 'string' && typeof body.message === 'string' ? body : undefined;
  } catch {
    return undefined;
  }
}
