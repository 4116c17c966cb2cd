export type GraphErrorCode =
  | 'BAD_SHAPE'
  | 'BAD_TYPE'
  | 'BAD_ATTRIBUTE'
  | 'BAD_MODEL'
  | 'UNKNOWN_OPERATOR'
  | 'DUPLICATE_NAME'
  | 'NOT_DIFFERENTIABLE'
  | 'FOREIGN_TENSOR'
  | 'BAD_FEED';

/** What `graph` throws: a stable code, one line of what is wrong, and a hint how to mend it. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
  readonly code: GraphErrorCode;
  readonly hint: string | undefined;

  constructor(code: GraphErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
