export type ServerErrorCode =
  | 'BAD_CONFIG'
  | 'STORE_LOCKED'
  | 'STORE_UNAVAILABLE'
  | 'BAD_STORE'
  | 'BAD_REQUEST'
  | 'NO_IMAGE'
  | 'UPLOAD_TOO_LARGE'
  | 'UPLOAD_TIMEOUT'
  | 'UNSUPPORTED_TYPE'
  | 'TOO_MANY_FACES'
  | 'URL_REFUSED'
  | 'URL_FAILED'
  | 'NOT_FOUND'
  | 'UNKNOWN_FACE'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'BUSY'
  | 'RATE_LIMITED'
  | 'STOPPING'
  | 'ANALYZER_FAILED'
  | 'UNKNOWN_MODEL'
  | 'BAD_MODELS_FOLDER'
  | 'TOO_FEW_CORRECTIONS'
  | 'BAD_FEEDBACK'
  | 'BAD_ARCHIVE'
  | 'BAD_JOB'
  | 'STORAGE_FAILED';

/** What `server` throws: a stable code, one line of what is wrong, and a hint how to mend it. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;
  readonly hint: string | undefined;

  constructor(code: ServerErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
