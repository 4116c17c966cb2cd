import type { Socket } from 'node:net';
import type { FastifyError } from 'fastify';

/** What Node's parser refuses, by its codes: everything else is a bad request. */
const ANSWERS: Readonly<Record<string, { status: string; code: string; message: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'UPLOAD_TIMEOUT',
    message: 'the request took too long to arrive',
  },
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'BAD_REQUEST',
    message: 'the headers are too large',
  },
};

const BAD = { status: '400 Bad Request', code: 'BAD_REQUEST', message: 'this is no HTTP request' };

/** Answers on a connection whose request never became one that a route could answer, and closes it. */
export function answerBrokenRequest(error: FastifyError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, code, message } = ANSWERS[error.code] ?? BAD;
  const body = JSON.stringify({ code, message });
  const head = `content-length: ${Buffer.byteLength(body)}\r\ncontent-type: application/json\r\nconnection: close`;
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`);
  socket.destroy(error);
}
