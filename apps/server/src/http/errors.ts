import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServerError } from '../error.ts';
import { type HttpError, toHttpError } from './http-error.ts';

/** Every error becomes `{ code, message, hint? }`; those of the server's own making are logged with their cause. */
export function installErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
}

/** Also for what goes wrong before there is a route, such as a path that is not text. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  reply.send(judge(error, request, reply).body);
}

/** Sets status and headers for an error and logs it where it is a fault. */
export function judge(error: unknown, request: FastifyRequest, reply: FastifyReply): HttpError {
  const answer = toHttpError(error);
  if (answer.isFault) request.log.error({ err: error }, answer.body.message);
  if (answer.retryAfter !== undefined) reply.header('retry-after', String(answer.retryAfter));
  if (answer.status === 401) reply.header('www-authenticate', 'Bearer');
  // What is left of a body that was refused is not waited for.
  if (answer.status === 413 || answer.status === 408) reply.header('connection', 'close');
  reply.code(answer.status);
  return answer;
}

/** For everything under the API that is no route. */
export function notFound(request: FastifyRequest): never {
  throw new ServerError('NOT_FOUND', `there is no ${request.method} ${request.url.split('?')[0]}`, 'see /docs');
}
