/** Codes of the system and of PostgreSQL that mean that the database cannot be reached or is going down. */
const CODES = /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|57P0[1-5]|53300)$/;
/** The driver has no codes for these. */
const MESSAGES = /Connection terminated|timeout exceeded when trying to connect|connection error|Query read timeout/i;

/** Whether an error tells that the database is away, and not that a statement is wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && CODES.test(error.code)) return true;
  return MESSAGES.test(error.message) || isUnavailable(error.cause);
}
