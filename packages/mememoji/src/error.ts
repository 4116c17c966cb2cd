export type MememojiErrorCode =
  | 'FILE_NOT_FOUND'
  | 'NOT_A_FILE'
  | 'UNREADABLE_FILE'
  | 'EMPTY_FILE'
  | 'NOT_AN_IMAGE'
  | 'BROKEN_IMAGE'
  | 'IMAGE_TOO_LARGE'
  | 'BAD_PIXELS'
  | 'MODEL_NOT_FOUND'
  | 'BAD_MODEL'
  | 'BAD_OPTION'
  | 'NO_FFMPEG'
  | 'NO_VIDEO'
  | 'BAD_VIDEO'
  | 'TRUNCATED_VIDEO'
  | 'DECODER_FAILED'
  | 'NO_DEVICE'
  | 'FETCH_FAILED'
  | 'CROSS_ORIGIN'
  | 'NO_FRAME'
  | 'RUNTIME_FAILED'
  | 'REQUEST_FAILED'
  | 'CLOSED';

/** What `mememoji` throws: a stable code, one line of what is wrong, and a hint how to mend it. */
export class MememojiError extends Error {
  override readonly name = 'MememojiError';
  readonly code: MememojiErrorCode;
  readonly hint: string | undefined;

  constructor(code: MememojiErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
