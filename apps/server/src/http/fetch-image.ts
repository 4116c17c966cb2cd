import { lookup } from 'node:dns/promises';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ServerError } from '../error.ts';
import { isPublicAddress } from './public-address.ts';

/** An address that a name resolves to. */
export interface Address {
  address: string;
  family: number;
}

export interface FetchLimits {
  /** Bytes of the image at most. */
  maxBytes: number;
  /** Milliseconds for everything: name, connection, redirects, body. */
  timeout: number;
  redirects: number;
  /** Ports that may be asked. */
  ports: readonly number[];
}

/** What tests put in the place of the network. */
export interface FetchParts {
  /** All addresses of a name; the system's resolver if left out. */
  resolve?: ((name: string) => Promise<Address[]>) | undefined;
  /** Which addresses may be connected to; the public ones if left out. */
  isAllowed?: ((address: string) => boolean) | undefined;
}

/** Fetches the content of an address that a client has sent. */
export type ImageFetcher = (url: string) => Promise<Uint8Array>;

/** Statuses with a `Location` to go to. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Makes a fetcher for addresses that nobody vouches for. Only http and https, only the given ports, no user names; every
 * name, at every redirect, is resolved once, all its addresses must be public, and the connection goes to just the address that
 * was checked, so that a name that changes its address meanwhile (DNS rebinding) gains nothing. Odd notations such as
 * `http://0x7f.1/` are made plain by the URL parser before they are judged.
 */
export function createImageFetcher(limits: FetchLimits, parts: FetchParts = {}): ImageFetcher {
  return async (url) => {
    const signal = AbortSignal.timeout(limits.timeout);
    try {
      return await follow(parseUrl(url), { limits, parts, signal });
    } catch (error) {
      throw signal.aborted ? failed(`it took longer than ${limits.timeout / 1000} s`, error) : asServerError(error);
    }
  };
}

interface Call {
  limits: FetchLimits;
  parts: FetchParts;
  signal: AbortSignal;
}

async function follow(first: URL, call: Call): Promise<Uint8Array> {
  let url = first;
  for (let left = call.limits.redirects; ; left--) {
    const response = await ask(url, call);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (!REDIRECTS.has(status) || location === undefined) return readBody(response, status, call.limits.maxBytes);
    response.destroy();
    if (left === 0) throw failed(`it redirects more than ${call.limits.redirects} times`);
    url = parseUrl(location, url);
  }
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (url === null) throw refused('it is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('only http and https are fetched');
  if (url.username !== '' || url.password !== '') throw refused('it holds a user name or password');
  return url;
}

/** Sends a GET to an address of the URL's host that was found to be allowed, over a connection of its own. */
async function ask(url: URL, call: Call): Promise<IncomingMessage> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  if (!call.limits.ports.includes(port)) throw refused(`port ${port} is not among those that are fetched from`);
  const target = await findTarget(url.hostname.replace(/^\[(.*)\]$/, '$1'), call);
  const options: RequestOptions = {
    agent: false,
    signal: call.signal,
    lookup: pinned(target),
    headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'mememoji' },
  };
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(url, options, resolve).on('error', reject).end();
  });
}

/** All addresses must be allowed: a name with one private address among public ones is a trap. */
async function findTarget(host: string, { parts, signal }: Call): Promise<Address> {
  const { resolve = (name: string) => lookup(name, { all: true }), isAllowed = isPublicAddress } = parts;
  const literal = isIP(host);
  const addresses = literal === 0 ? await abortable(resolve(host), signal) : [{ address: host, family: literal }];
  const [first] = addresses;
  if (first === undefined) throw failed('its name has no address');
  if (!addresses.every(({ address }) => isAllowed(address))) {
    throw refused('it leads to an address that is not public');
  }
  return first;
}

/** Whatever name the connection is for, it goes to the address that was checked. */
function pinned({ address, family }: Address): LookupFunction {
  return (_name, options, done) => {
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}

async function readBody(response: IncomingMessage, status: number, maxBytes: number): Promise<Uint8Array> {
  const fault = faultOf(response, status, maxBytes);
  if (fault !== undefined) {
    response.destroy();
    throw fault;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function faultOf({ headers }: IncomingMessage, status: number, maxBytes: number): ServerError | undefined {
  if (status !== 200) return failed(`it answers ${status}`);
  if (Number(headers['content-length'] ?? 0) > maxBytes) return tooLarge(maxBytes);
  const encoding = headers['content-encoding'] ?? 'identity';
  return encoding === 'identity' ? undefined : failed(`it answers compressed (${encoding}) though asked not to`);
}

function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

function asServerError(error: unknown): ServerError {
  if (error instanceof ServerError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return failed(code ?? (error instanceof Error ? error.message : String(error)), error);
}

function refused(reason: string): ServerError {
  return new ServerError('URL_REFUSED', `the address is not fetched: ${reason}`, 'send the image itself');
}

function failed(reason: string, cause?: unknown): ServerError {
  return new ServerError('URL_FAILED', `the address cannot be fetched: ${reason}`, 'send the image itself', { cause });
}

function tooLarge(maxBytes: number): ServerError {
  return new ServerError('UPLOAD_TOO_LARGE', 'the image at the address is too large', `at most ${maxBytes} bytes`);
}
