import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A little store that speaks the part of S3 that is used here. */
export interface Bucket {
  /** `http://127.0.0.1:PORT` */
  url: string;
  objects: Map<string, Buffer>;
  /** What was wrong with requests, for a test to see that nothing was. */
  faults: string[];
  close(): Promise<void>;
}

/** Keeps objects in memory and refuses requests that are not signed as AWS Signature Version 4 says. */
export async function startBucket(): Promise<Bucket> {
  const objects = new Map<string, Buffer>();
  const faults: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const fault = findFault(request, body);
    if (fault !== undefined) {
      faults.push(`${request.method} ${request.url}: ${fault}`);
      response.writeHead(403).end(`<Error><Code>${fault}</Code></Error>`);
      return;
    }
    const key = request.url ?? '';
    const object = objects.get(key);
    if (request.method === 'PUT') objects.set(key, body);
    if (request.method === 'DELETE') objects.delete(key);
    if (request.method !== 'GET') response.writeHead(request.method === 'DELETE' ? 204 : 200).end();
    else if (object === undefined) response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    else response.writeHead(200).end(object);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    objects,
    faults,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function findFault({ headers, method }: IncomingMessage, body: Buffer): string | undefined {
  const { authorization = '' } = headers;
  if (!authorization.startsWith('AWS4-HMAC-SHA256 Credential=key/')) return 'AccessDenied';
  if (!/SignedHeaders=[^,]*host;[^,]*x-amz-date[^,]*, Signature=[0-9a-f]{64}$/.test(authorization)) {
    return 'SignatureDoesNotMatch';
  }
  if (headers['x-amz-content-sha256'] !== 'UNSIGNED-PAYLOAD') return 'MissingContentHash';
  // Stores of this kind refuse an upload of unknown length.
  if (method === 'PUT' && headers['content-length'] !== String(body.length)) return 'MissingContentLength';
  return undefined;
}
