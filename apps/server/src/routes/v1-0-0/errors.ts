import type { FastifyInstance } from 'fastify';
import { judge } from '../../http/errors.ts';

/** The original's codes. */
const INVALID_PARAMETER = 2873;
const NO_IMAGE = 35842;
const EMPTY_IMAGE = 5724;

/** What of this server's errors the original had a code for; what it did not know has the status as its code. */
const CODES: Readonly<Record<string, number>> = {
  BAD_REQUEST: INVALID_PARAMETER,
  NOT_AN_IMAGE: INVALID_PARAMETER,
  BROKEN_IMAGE: INVALID_PARAMETER,
  IMAGE_TOO_LARGE: INVALID_PARAMETER,
  TOO_MANY_FACES: INVALID_PARAMETER,
  URL_REFUSED: INVALID_PARAMETER,
  URL_FAILED: INVALID_PARAMETER,
  NOT_FOUND: INVALID_PARAMETER,
  UNKNOWN_FACE: INVALID_PARAMETER,
  NO_IMAGE,
  EMPTY_FILE: EMPTY_IMAGE,
};

/** Errors as the original told them: `{ code, message }` with a number, and status 400 for the codes that it had. */
export function installOriginalErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = judge(error, request, reply);
    const code = CODES[body.code];
    const message = body.hint === undefined ? body.message : `${body.message}; ${body.hint}`;
    reply.code(code === undefined ? status : 400);
    return reply.send({ code: code ?? status, message });
  });
}
