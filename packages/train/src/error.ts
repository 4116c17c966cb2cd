export type TrainErrorCode =
  | 'FILE_NOT_FOUND'
  | 'UNREADABLE_FILE'
  | 'EMPTY_FILE'
  | 'TRUNCATED_FILE'
  | 'BAD_HEADER'
  | 'BAD_ROW'
  | 'BAD_VOTES'
  | 'BAD_NPY'
  | 'BAD_IMAGE_FOLDER'
  | 'BAD_CLASSES'
  | 'BAD_OPTION'
  | 'BAD_RECIPE'
  | 'BAD_SWEEP'
  | 'RUN_EXISTS'
  | 'BAD_CHECKPOINT'
  | 'DIVERGED'
  | 'EMPTY_SELECTION'
  | 'BAD_MODEL'
  | 'WORKER_FAILED'
  | 'NO_DEVICE';

/** What `train` throws: a stable code, one line of what is wrong, and a hint how to mend it. */
export class TrainError extends Error {
  override readonly name = 'TrainError';
  readonly code: TrainErrorCode;
  readonly hint: string | undefined;

  constructor(code: TrainErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
