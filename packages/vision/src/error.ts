export type VisionErrorCode = 'BAD_IMAGE' | 'BAD_METADATA' | 'BAD_METRICS_INPUT';

/** What `vision` throws: a stable code, one line of what is wrong, and a hint how to mend it. */
export class VisionError extends Error {
  override readonly name = 'VisionError';
  readonly code: VisionErrorCode;
  readonly hint: string | undefined;

  constructor(code: VisionErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
