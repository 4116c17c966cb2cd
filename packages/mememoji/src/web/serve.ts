import { MememojiError } from '../error.ts';
import type { Device, Runtime } from './ort-session.ts';
import type { Answer, Calls, Kind, Message, PlainError } from './protocol.ts';
import { createHandlers, type Handlers } from './service.ts';

/** Makes the worker that runs this answer the page, one call after the other: a network computes one thing at a time. */
export function serve(runtime: Runtime, device: Device): void {
  const handlers = createHandlers(runtime, device);
  let last = Promise.resolve();
  addEventListener('message', (event: MessageEvent<Message<Kind>>) => {
    last = last.then(async () => postMessage(await answer(handlers, event.data)));
  });
}

async function answer<K extends Kind>(
  handlers: Handlers,
  { id, kind, request }: Message<K>,
): Promise<Answer<Calls[K]['result']>> {
  try {
    return { id, result: await handlers[kind](request) };
  } catch (error) {
    return { id, error: toPlain(error) };
  }
}

function toPlain(error: unknown): PlainError {
  if (error instanceof MememojiError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'RUNTIME_FAILED', message: `the worker has failed (${error})`, hint: undefined };
}
