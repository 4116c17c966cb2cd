import { MememojiError, type MememojiErrorCode } from 'mememoji/error';
import { BusyError } from '../analysis/queue.ts';
import { ServerError, type ServerErrorCode } from '../error.ts';
import { isUnavailable } from '../store/unavailable.ts';

/** An error as a client sees it. */
export interface HttpError {
  status: number;
  body: { code: string; message: string; hint?: string };
  /** Seconds after which to try again. */
  retryAfter?: number;
  /** Whether it tells of a fault of the server, which the log must have. */
  isFault: boolean;
}

const STATUSES: Readonly<Record<ServerErrorCode, number>> = {
  BAD_CONFIG: 500,
  STORE_LOCKED: 500,
  STORE_UNAVAILABLE: 503,
  BAD_STORE: 500,
  BAD_REQUEST: 400,
  NO_IMAGE: 400,
  UPLOAD_TOO_LARGE: 413,
  UPLOAD_TIMEOUT: 408,
  UNSUPPORTED_TYPE: 415,
  TOO_MANY_FACES: 422,
  URL_REFUSED: 400,
  URL_FAILED: 422,
  NOT_FOUND: 404,
  UNKNOWN_FACE: 404,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  BUSY: 429,
  RATE_LIMITED: 429,
  STOPPING: 503,
  ANALYZER_FAILED: 500,
  UNKNOWN_MODEL: 404,
  BAD_MODELS_FOLDER: 500,
  TOO_FEW_CORRECTIONS: 422,
  BAD_FEEDBACK: 400,
  BAD_ARCHIVE: 422,
  BAD_JOB: 400,
  STORAGE_FAILED: 503,
};

/** Codes of the library that tell of the client's image. */
const IMAGE_STATUSES: Partial<Record<MememojiErrorCode, number>> = {
  EMPTY_FILE: 400,
  NOT_AN_IMAGE: 415,
  BROKEN_IMAGE: 422,
  IMAGE_TOO_LARGE: 413,
};

/** What the frameworks' own errors are called here, by status. */
const FRAMEWORK_CODES: Readonly<Record<number, ServerErrorCode>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'UPLOAD_TIMEOUT',
  413: 'UPLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_TYPE',
  429: 'RATE_LIMITED',
};

/** Seconds after which to ask again where the store is away. */
const RETRY_STORE = 2;

/** The only way from an error to an answer. What is not foreseen becomes a 500 that tells nothing of the inside. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof ServerError) return fromServerError(error);
  const imageStatus = error instanceof MememojiError ? IMAGE_STATUSES[error.code] : undefined;
  if (error instanceof MememojiError && imageStatus !== undefined) {
    return { status: imageStatus, body: bodyOf(error), isFault: false };
  }
  if (isUnavailable(error)) return storeAway();
  return fromFramework(error) ?? unforeseen();
}

function fromServerError(error: ServerError): HttpError {
  const status = STATUSES[error.code];
  const retry = error.code === 'STORE_UNAVAILABLE' || error.code === 'STORAGE_FAILED' ? RETRY_STORE : undefined;
  const retryAfter = error instanceof BusyError ? error.retryAfter : retry;
  return { status, body: bodyOf(error), ...(retryAfter === undefined ? {} : { retryAfter }), isFault: status >= 500 };
}

function bodyOf({ code, message, hint }: { code: string; message: string; hint: string | undefined }) {
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function storeAway(): HttpError {
  const body = { code: 'STORE_UNAVAILABLE', message: 'the database is away', hint: 'try again in a moment' };
  return { status: 503, body, retryAfter: RETRY_STORE, isFault: true };
}

/** Fastify and its plugins throw errors with a status; those of the client's making tell their reason. */
function fromFramework(error: unknown): HttpError | undefined {
  if (!(error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')) return undefined;
  const status = error.statusCode;
  if (status < 400 || status > 499) return undefined;
  return { status, body: { code: FRAMEWORK_CODES[status] ?? 'BAD_REQUEST', message: error.message }, isFault: false };
}

function unforeseen(): HttpError {
  return { status: 500, body: { code: 'INTERNAL', message: 'something went wrong here' }, isFault: true };
}
