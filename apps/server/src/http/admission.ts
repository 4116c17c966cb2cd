import type { FastifyInstance, FastifyReply } from 'fastify';
import { BusyError } from '../analysis/queue.ts';
import type { Services } from '../services.ts';

/** Seconds after which to try again where too many uploads are under way. */
const RETRY_UPLOAD = 1;

/**
 * Refuses images before their bytes are read: while the queue of the analyzers is full, and while as many uploads are under way
 * as the memory is meant for. A slow upload takes no place in the queue, and ends with the request's time limit.
 */
export function installAdmission(app: FastifyInstance, { queue, config }: Services): void {
  let uploads = 0;
  app.addHook('preParsing', async (request, reply) => {
    if (request.routeOptions.config.upload !== true) return;
    queue.checkRoom();
    if (uploads >= config.maxUploads) throw new BusyError(RETRY_UPLOAD);
    uploads++;
    onceDone(reply, () => uploads--);
  });
}

/** Answered or broken off, whichever comes first. */
function onceDone({ raw }: FastifyReply, done: () => void): void {
  const settle = (): void => {
    raw.off('finish', settle).off('close', settle);
    done();
  };
  raw.on('finish', settle).on('close', settle);
}

/** Aborted when the client goes before it has its answer. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
